//! On which kind of file system a folder lies, and how much room is left there.
//!
//! Knows what the kernel tells about file systems. Does not know what is kept there. A lock on a network
//! file system may hold on one machine only, or not at all: two dispatchers could both have it.

use std::io;
use std::path::Path;

use crate::store::StoreError;

/// Can a lock on it be trusted?
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A disk of this machine, or its memory.
    Local(String),
    /// Shared by this machine with its host: locks hold, but only on this machine.
    Shared(String),
    Network(String),
}

/// Room on a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// In bytes, for this user.
    pub free: u64,
    /// `None`: it does not count its files.
    pub inodes: Option<u64>,
}

/// Refuses a folder on a network file system.
///
/// # Errors
/// [`StoreError::NetworkFileSystem`]; or when the system does not tell.
pub fn refuse_network(folder: &Path) -> Result<(), StoreError> {
    match kind(folder).map_err(StoreError::io("find the file system of", folder))? {
        Kind::Network(kind) => Err(StoreError::NetworkFileSystem {
            path: folder.to_owned(),
            kind,
        }),
        Kind::Local(_) | Kind::Shared(_) => Ok(()),
    }
}

/// Says what a folder lies on.
///
/// # Errors
/// When the folder is not there, or the system does not tell.
#[cfg(target_os = "linux")]
pub fn kind(folder: &Path) -> io::Result<Kind> {
    let magic = rustix::fs::statfs(folder)?.f_type;
    // The lowest 32 bits are the number; the type's width and sign differ between machines.
    let magic = u32::try_from(magic & 0xFFFF_FFFF).unwrap_or_default();
    if magic != FUSE {
        return Ok(by_number(magic));
    }
    // One number for all file systems that are programs: their name tells.
    let mounts = std::fs::read_to_string("/proc/self/mountinfo")?;
    Ok(by_mount(&mounts, &folder.canonicalize()?))
}

/// Only Linux says it in a way that is known here.
///
/// # Errors
/// Never.
#[cfg(not(target_os = "linux"))]
pub fn kind(_folder: &Path) -> io::Result<Kind> {
    Ok(Kind::Local("unknown".to_owned()))
}

/// Says how much room is left.
///
/// # Errors
/// When the folder is not there, or the system does not tell.
pub fn room(folder: &Path) -> io::Result<Room> {
    let told = rustix::fs::statvfs(folder)?;
    Ok(Room {
        free: told.f_bavail.saturating_mul(told.f_frsize),
        inodes: (told.f_files > 0).then_some(told.f_favail),
    })
}

const FUSE: u32 = 0x6573_5546;

/// The numbers of `statfs` (2).
fn by_number(magic: u32) -> Kind {
    let network = |name: &str| Kind::Network(name.to_owned());
    match magic {
        0x6969 => network("nfs"),
        0x517B | 0xFE53_4D42 => network("smb"),
        0xFF53_4D42 => network("cifs"),
        0x00C3_6400 => network("ceph"),
        0x5346_414F | 0x6B41_4653 => network("afs"),
        0x7375_7245 => network("coda"),
        0x0BD0_0BD0 => network("lustre"),
        0x0102_1997 => Kind::Shared("9p".to_owned()),
        other => Kind::Local(format!("{other:#x}")),
    }
}

/// The mount that a path lies on, by the longest mount point that it begins with, and of several at one
/// point the last.
fn by_mount(mounts: &str, path: &Path) -> Kind {
    let mut best: Option<(usize, &str)> = None;
    for line in mounts.lines() {
        let Some((before, after)) = line.split_once(" - ") else {
            continue;
        };
        let (Some(point), Some(kind)) = (before.split(' ').nth(4), after.split(' ').next()) else {
            continue;
        };
        let point = unescape(point);
        if path.starts_with(&point) && best.is_none_or(|(length, _)| point.len() >= length) {
            best = Some((point.len(), kind));
        }
    }
    let kind = best.map_or("unknown", |(_, kind)| kind);
    let name = kind.strip_prefix("fuse.").unwrap_or(kind);
    const REMOTE: &[&str] = &[
        "sshfs",
        "s3fs",
        "gcsfuse",
        "rclone",
        "davfs",
        "curlftpfs",
        "glusterfs",
        "smbnetfs",
        "goofys",
        "juicefs",
        "cephfs",
        "nfs",
        "blobfuse2",
        "moosefs",
        "mfs",
        "seaweedfs",
    ];
    if REMOTE.iter().any(|remote| name.starts_with(remote)) {
        Kind::Network(kind.to_owned())
    } else if matches!(name, "virtiofs" | "grpcfuse" | "osxfs") {
        Kind::Shared(kind.to_owned())
    } else {
        Kind::Local(kind.to_owned())
    }
}

/// The kernel writes space, tab, newline and backslash of a mount point as three octal digits.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let digits = rest.get(at + 1..at + 4);
        match digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                out.push(char::from(byte));
                rest = &rest[at + 4..];
            }
            None => {
                out.push('\\');
                rest = &rest[at + 1..];
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_known_by_their_numbers() {
        for (magic, network) in [
            (0x6969, true),
            (0x517B, true),
            (0xFF53_4D42, true),
            (0xFE53_4D42, true),
            (0x00C3_6400, true),
            // ext4, btrfs, tmpfs, overlay, xfs, zfs, 9p
            (0xEF53, false),
            (0x9123_683E, false),
            (0x0102_1994, false),
            (0x794C_7630, false),
            (0x5846_5342, false),
            (0x2FC1_2FC1, false),
            (0x0102_1997, false),
        ] {
            let is = matches!(by_number(magic), Kind::Network(_));
            assert_eq!(is, network, "{magic:#x}");
        }
    }

    #[test]
    fn a_program_as_file_system_is_known_by_its_mount() {
        let mounts = "\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:40 / /home/me/far rw - fuse.sshfs me@host: rw
41 22 0:41 / /home/me/far/near rw - fuse.bindfs x rw
42 22 0:42 / /with\\040space rw - fuse.rclone x rw
43 22 0:43 / /over rw - fuse.bindfs x rw
44 43 0:44 / /over rw - fuse.s3fs x rw
garbage
";
        for (path, expected) in [
            ("/home/me/far/p", Kind::Network("fuse.sshfs".to_owned())),
            ("/home/me/farther", Kind::Local("ext4".to_owned())),
            ("/home/me/far/near/p", Kind::Local("fuse.bindfs".to_owned())),
            ("/with space/p", Kind::Network("fuse.rclone".to_owned())),
            ("/over/p", Kind::Network("fuse.s3fs".to_owned())),
        ] {
            assert_eq!(by_mount(mounts, Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn a_temporary_folder_is_local_and_has_room() {
        let dir = tempfile::tempdir().unwrap();
        refuse_network(dir.path()).unwrap();
        assert!(room(dir.path()).unwrap().free > 0);
        assert!(kind(&dir.path().join("none")).is_err());
    }
}
