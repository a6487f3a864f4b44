// Hears the dashboard's stream and draws nothing: what a page costs beside its drawing. Started by
// `cargo bench --bench bench -- dashboard`; ends with stdin.
import { request } from "node:http";

const { origin, hash } = new URL(process.env.ADDRESS);
const ask = (method, path, headers) => new Promise((done, fail) =>
  request(`${origin}${path}`, { method, headers: { origin, "sec-fetch-site": "same-origin", ...headers } }, done).on("error", fail).end());

const opened = await ask("POST", "/session", { authorization: `Bearer ${hash.split("=")[1]}`, "content-type": "application/json", "content-length": 0 });
opened.resume();
const stream = await ask("GET", "/api/events", { cookie: opened.headers["set-cookie"][0].split(";")[0] });
if (stream.statusCode !== 200) throw new Error(`the stream was refused with ${stream.statusCode}`);
stream.once("data", () => console.log("open"));
stream.resume();
process.stdin.on("end", () => process.exit()).resume();
