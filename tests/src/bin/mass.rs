//! `mass`: a run of very many messages by hand, with a bar: `cargo run --release -p tests --bin mass`. Two numbers may follow:
//! how many, and how many mails in a second.

use indicatif::{ProgressBar, ProgressStyle};
use std::process::ExitCode;
use tests::mass::{Plan, run, send};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "send") {
        return if send().await { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let number = |place: usize, default: u32| match arguments.get(place).map(|text| text.parse()) {
        None => Some(default),
        Some(parsed) => parsed.ok().filter(|number| *number > 0),
    };
    let (Some(messages), Some(per_second)) = (number(0, 100_000), number(1, 400)) else {
        eprintln!("mass [messages] [mails in a second]: both above 0");
        return ExitCode::FAILURE;
    };
    let plan = Plan { messages, per_second };
    let bar = ProgressBar::new(messages.into());
    if let Ok(style) =
        ProgressStyle::with_template("{elapsed_precise} {wide_bar} {pos}/{len} {per_sec} {eta}")
    {
        bar.set_style(style);
    }
    let findings = run(plan, |taken, _| bar.set_position(taken as u64)).await;
    bar.finish_and_clear();
    println!("{findings:#?}");
    let faults = findings.faults(plan);
    for fault in &faults {
        println!("FAULT: {fault}");
    }
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
