//! The only file that names the protocol's library.
//!
//! Knows how calls come and answers go. stdout carries nothing but the protocol. Does not know what a tool
//! does.

use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
    ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, ToolAnnotations,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt as _};
use tokio::sync::{Mutex, watch};

use crate::cli::claiming::{self, Caller};
use crate::cli::mcp::answer::{Answer, Verdict};
use crate::cli::mcp::input::{self, BadInput, Object};
use crate::cli::mcp::tools::{Access, INSTRUCTIONS, Tool};
use crate::cli::mcp::{reading, writing};
use crate::cli::{Context, Exit};

struct Server {
    context: Context,
    access: Access,
    /// Who claims. `None`: nobody may here.
    caller: Option<Caller>,
    /// One change at a time; whoever closes the server waits for it.
    changing: Arc<Mutex<()>>,
    closing: watch::Receiver<bool>,
}

/// Serves on stdin and stdout until the client leaves.
///
/// # Errors
/// When there is no project, writing is asked for inside of an attempt, or the streams fail.
pub fn serve(context: &Context, access: Access) -> anyhow::Result<Exit> {
    // A client shows what is said at the start; later nobody reads stderr.
    let project = context.project()?;
    let caller = match access {
        Access::Read => None,
        Access::Write => Some(claiming::at_the_protocol(context, &project)?),
    };
    let (close, closing) = watch::channel(false);
    let changing = Arc::new(Mutex::new(()));
    let server = Server {
        context: context.at(&project.root),
        access,
        caller,
        changing: Arc::clone(&changing),
        closing,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let served = runtime.block_on(async {
        let service = server.serve(rmcp::transport::io::stdio_pipes()).await?;
        let served = service.waiting().await;
        // Checks that run belong to nobody any more: they are ended and awaited.
        let _ = close.send(true);
        drop(changing.lock().await);
        anyhow::Ok(served?)
    });
    // A read of stdin may be pending for ever.
    runtime.shutdown_background();
    served?;
    Ok(Exit::OK)
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let mut config = ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_instructions(INSTRUCTIONS);
        config.server_info = Implementation::new("runr", env!("CARGO_PKG_VERSION"));
        config
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let offered = Tool::ALL
            .into_iter()
            .filter(|tool| tool.is_offered(self.access))
            .map(|tool| {
                let reads = tool.needs() == Access::Read;
                let mut listed = rmcp::model::Tool::new(
                    tool.name(),
                    tool.description(),
                    Arc::new(tool.schema()),
                );
                listed.annotations = Some(
                    ToolAnnotations::new()
                        .read_only(reads)
                        .destructive(false)
                        .open_world(false),
                );
                listed
            })
            .collect();
        Ok(ListToolsResult::with_all_items(offered))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(tool) = Tool::find(&request.name) else {
            return Err(ErrorData::invalid_params(
                format!(
                    "there is no tool `{}`",
                    crate::report::one_line(&request.name)
                ),
                None,
            ));
        };
        let stop = {
            let mut closing = self.closing.clone();
            async move {
                tokio::select! {
                    () = context.ct.cancelled() => {}
                    // The other end lives as long as the server.
                    _ = closing.wait_for(|closing| *closing) => {}
                }
            }
        };
        let answer = match self.call(tool, request.arguments, stop).await {
            Ok(Ok(answer) | Err(answer)) => answer,
            Err(bad) => return Err(ErrorData::invalid_params(bad.to_string(), None)),
        };
        let secret =
            getrandom::u64().map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
        let text = vec![ContentBlock::text(answer.whole(secret))];
        Ok(match answer.verdict {
            Verdict::Done => CallToolResult::success(text),
            Verdict::Refused => CallToolResult::error(text),
        }
        .into())
    }
}

impl Server {
    async fn call(
        &self,
        tool: Tool,
        arguments: Option<Object>,
        stop: impl Future<Output = ()>,
    ) -> Result<Result<Answer, Answer>, BadInput> {
        let here = &self.context;
        let caller = match (tool.needs(), &self.caller) {
            (Access::Read, _) => None,
            (Access::Write, Some(caller)) => Some((caller, self.changing.lock().await)),
            (Access::Write, None) => {
                return Ok(Err(Answer::refused(format!(
                    "`{}` is not allowed: this server only reads\nhelp: a person starts it with `runr mcp --allow-write`",
                    tool.name()
                ))));
            }
        };
        Ok(match (tool, caller) {
            (Tool::Status, _) => {
                input::read::<input::Nothing>(arguments)?;
                reading::status(here)
            }
            (Tool::NextTasks, _) => {
                input::read::<input::Nothing>(arguments)?;
                reading::next(here)
            }
            (Tool::ListTasks, _) => reading::list(here, &input::read(arguments)?),
            (Tool::ShowTask, _) => {
                reading::show(here, &input::read::<input::OneTask>(arguments)?.task.0)
            }
            (Tool::WhyTask, _) => {
                reading::why(here, &input::read::<input::OneTask>(arguments)?.task.0)
            }
            (Tool::Graph, _) => reading::draw(here, &input::read(arguments)?),
            (Tool::Logs, _) => reading::logs(here, &input::read(arguments)?),
            (Tool::AddTask, _) => writing::add(here, input::read(arguments)?),
            (Tool::ClaimTask, Some((caller, _alone))) => {
                let input = input::read::<input::OneTask>(arguments)?;
                writing::claim(here, caller, &input.task.0)
            }
            (Tool::ReleaseTask, Some((caller, _alone))) => {
                writing::release(here, caller, input::read(arguments)?)
            }
            (Tool::CompleteTask, Some((caller, _alone))) => {
                writing::complete(here, caller, input::read(arguments)?, stop).await
            }
            (Tool::ClaimTask | Tool::ReleaseTask | Tool::CompleteTask, None) => {
                Err(Answer::refused("nobody may claim here"))
            }
        })
    }
}
