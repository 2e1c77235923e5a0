//! How fast an image is encrypted, in the chunks in which the nodes do it.
//!
//! A bare figure says more about the machine than about us, so after Criterion's run the same
//! work is done in turn by this program and by `openssl speed`, and the ratio is printed.

use std::hint::black_box;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group};
use heirloom::encryption::{Cipher, IV_BYTES, Key};
use heirloom::id::ImageId;
use heirloom::protocol::CHUNK_BYTES;

/// How often each side has its turn; the median of three ignores one disturbance.
const TURNS: usize = 3;

/// How long a turn lasts; `openssl speed` counts in whole seconds.
const TURN: Duration = Duration::from_secs(1);

const GIB: f64 = (1_u64 << 30) as f64;

criterion_group!(benches, chunks);

fn main() -> ExitCode {
    benches();
    Criterion::default().configure_from_args().final_summary();
    // Without `--bench` this is `cargo test`, which only wants to see that it runs.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    match compare() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn cipher() -> Cipher {
    Cipher::new(&Key::from_bytes([7; 16]), ImageId::from_bytes([9; IV_BYTES]))
}

fn chunks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encryption");
    group.throughput(Throughput::Bytes(CHUNK_BYTES as u64));
    group.bench_function("chunk of 256 KiB", |bencher| {
        let mut cipher = cipher();
        let mut chunk = vec![0; CHUNK_BYTES];
        bencher.iter(|| cipher.apply(black_box(&mut chunk)));
    });
    group.finish();
}

/// Prints both throughputs, turn by turn, and the median of their ratios.
fn compare() -> Result<(), String> {
    println!("beside openssl speed -evp aes-128-ctr, {CHUNK_BYTES} bytes at a time:");
    let mut ratios = Vec::with_capacity(TURNS);
    for _ in 0..TURNS {
        let ours = our_throughput();
        let Some(theirs) = openssl_throughput()? else {
            println!("  no comparison: openssl is not installed (apt-get install openssl)");
            return Ok(());
        };
        let ratio = ours / theirs;
        println!(
            "  heirloom {:6.2} GiB/s   openssl {:6.2} GiB/s   ratio {ratio:.2}",
            ours / GIB,
            theirs / GIB
        );
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "  median ratio {:.2} (1.00 is as fast as openssl)",
        ratios[TURNS / 2]
    );
    Ok(())
}

/// Encrypts for one turn; returns bytes per second.
fn our_throughput() -> f64 {
    let mut cipher = cipher();
    let mut chunk = vec![0; CHUNK_BYTES];
    let begin = Instant::now();
    let mut bytes = 0_u64;
    while begin.elapsed() < TURN {
        cipher.apply(black_box(&mut chunk));
        bytes += CHUNK_BYTES as u64;
    }
    bytes as f64 / begin.elapsed().as_secs_f64()
}

/// Lets OpenSSL encrypt for one turn; returns bytes per second, `None` where it is not installed.
fn openssl_throughput() -> Result<Option<f64>, String> {
    let output = Command::new("openssl")
        .args(["speed", "-elapsed", "-mr", "-evp", "aes-128-ctr"])
        .args(["-bytes", &CHUNK_BYTES.to_string()])
        .args(["-seconds", &TURN.as_secs().to_string()])
        .output();
    let output = match output {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        result => result.map_err(|error| format!("could not run openssl: {error}"))?,
    };
    // Machine-readable, the figure is the last field of `+F:25:AES-128-CTR:8252030976.00`.
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .find(|line| line.starts_with("+F:"))
        .and_then(|line| line.rsplit(':').next())
        .and_then(|figure| figure.trim().parse().ok())
        .map(Some)
        .ok_or_else(|| format!("openssl speed printed no figure: {text:?}"))
}
