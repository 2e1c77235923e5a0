//! OpenSSL as the judge: stock tools decrypt what we saved.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::{TestCluster, image_of, told};

/// The check of the README: the key is the first half of the name's SHA-256, the IV the file's head.
const CHECK: &str = r#"tail -c +17 "$1" | openssl enc -d -aes-128-ctr \
    -K "$(printf %s "$2" | sha256sum | cut -c1-32)" -iv "$(head -c16 "$1" | xxd -p)""#;

/// Whether a tool can be run; where tests must be complete, a missing one is an error.
pub(crate) fn has_tool(tool: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {tool}")])
        .output();
    let found = found.is_ok_and(|output| output.status.success());
    let complete = std::env::var_os("CI").is_some();
    assert!(found || !complete, "{tool} is not installed");
    if !found {
        println!("SKIPPED: {tool} is not installed");
    }
    found
}

fn openssl_decrypts(file: &Path, user: &str) -> Vec<u8> {
    let output = Command::new("sh")
        .args(["-c", CHECK, "check"])
        .arg(file)
        .arg(user)
        .output();
    let output = output.expect("sh runs");
    assert!(output.status.success(), "{}", told(&output));
    output.stdout
}

#[test]
fn openssl_decrypts_what_the_client_saved() {
    if !has_tool("openssl") || !has_tool("xxd") {
        return;
    }
    let cluster = TestCluster::started(3, "timing = \"fast\"");
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples");
    let mut pictures: Vec<(String, Vec<u8>)> = fs::read_dir(samples)
        .expect("the samples")
        .map(|entry| entry.expect("readable").path())
        .map(|path| {
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            (name, fs::read(path).expect("a picture"))
        })
        .collect();
    let drawing = include_bytes!("../../test_image.png");
    pictures.push(("test_image.png".to_owned(), drawing.to_vec()));
    for extension in [".png", ".jpg", ".webp"] {
        let is_one = |(name, _): &(String, _)| name.ends_with(extension);
        assert!(pictures.iter().any(is_one), "no picture is a {extension}");
    }
    pictures.push(("large.png".to_owned(), image_of(200_000_000, 3)));
    for (name, plain) in pictures {
        let picture = cluster.file(&name, &plain);
        let before = cluster.saved();
        let output = cluster.heirloom(&["upload", &name, "--user", "Zoë Ünïcode"]);
        assert!(output.status.success(), "{name}: {}", told(&output));
        let saved = cluster.saved();
        let new = saved
            .iter()
            .find(|file| !before.contains(file))
            .expect("one more file");
        assert!(openssl_decrypts(new, "Zoë Ünïcode") == plain, "{name} is damaged");
        fs::remove_file(picture).expect("can be removed");
        fs::remove_file(new).expect("can be removed");
    }
}

#[test]
fn netcat_is_enough_to_ask_a_node_how_it_is() {
    if !has_tool("nc") {
        return;
    }
    let cluster = TestCluster::started(1, "timing = \"fast\"");
    let address = cluster.address(1).replace(':', " ");
    let script = format!("printf '{{\"type\":\"status\"}}\\n' | nc -w 5 {address}");
    let output = Command::new("sh")
        .args(["-c", &script])
        .output()
        .expect("sh runs");
    let answer = String::from_utf8_lossy(&output.stdout);
    assert!(answer.contains("\"role\":\"leading\""), "{}", told(&output));
}
