//! `cargo run --release`: the whole system on this machine. `cargo run --release -- tour`: the story of a registration.

mod console;

use clap::{Parser, Subcommand};
use domain::registration::RegistrationNumber;
use local::{audit, figures, lanes};
use std::{path::PathBuf, process::ExitCode};

/// 社工证登记：在本机运行整套系统。The whole system on this machine.
#[derive(Parser)]
#[command(name = "social-worker-registry", version)]
struct Cli {
    /// 主服务端口，附件存储用下一个端口。The port; the attachments' store takes the next one.
    #[arg(long, default_value_t = 8600, global = true, value_parser = clap::value_parser!(u16).range(1..65535))]
    port: u16,
    /// 数据文件夹。The data folder.
    #[arg(long, default_value = ".local", global = true)]
    data: PathBuf,
    /// 清空数据重新开始。Starts anew: removes this program's data from the folder.
    #[arg(long)]
    fresh: bool,
    /// 日志级别：off、error、warn、info、debug。How much is logged.
    #[arg(long, default_value = "warn", global = true)]
    log: tracing::level_filters::LevelFilter,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// 演示一次登记的完整过程（约半分钟）。Plays the whole life of a registration.
    Tour,
    /// 立即运行每日提醒任务，显示进度。Runs the daily job on the data folder, showing progress.
    Remind,
    /// 统计数据。Figures for policy.
    Figures {
        #[command(subcommand)]
        command: Figures,
    },
    /// 把早先的登记编入公告群发所用的索引，可随时中断，再次运行即可。Puts earlier registrations into the index that mailings go by.
    IndexRegistrations {
        /// 处理环境变量 TABLE_NAME 所指的已部署数据表，而不是数据文件夹。The deployed table that `TABLE_NAME` names.
        #[arg(long)]
        deployed: bool,
    },
    /// 核对登记日志是否被改动、缺失或调换；不写登记号则核对全部。Checks journals: those named, or all.
    VerifyJournal {
        /// 登记号。Registration numbers.
        numbers: Vec<RegistrationNumber>,
        /// 核对环境变量 TABLE_NAME 所指的已部署数据表，只读，而不是数据文件夹。The deployed table that `TABLE_NAME` names.
        #[arg(long)]
        deployed: bool,
    },
}

#[derive(Subcommand)]
enum Figures {
    /// 从全部登记、申请和学时记录重新统计，显示进度；可随时中断，再次运行即可。Counts all figures anew, showing progress.
    Rebuild {
        /// 统计环境变量 TABLE_NAME 所指的已部署数据表，而不是数据文件夹。The deployed table that `TABLE_NAME` names.
        #[arg(long)]
        deployed: bool,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    console::log_to_stderr(cli.log);
    let outcome = match cli.command {
        Some(Command::Tour) => local::tour::run().await,
        Some(Command::Remind) => console::remind(cli.port, cli.data).await,
        Some(Command::Figures { command: Figures::Rebuild { deployed: true } }) => {
            figures::rebuild_deployed().await
        }
        Some(Command::Figures { command: Figures::Rebuild { deployed: false } }) => {
            figures::rebuild(console::options(cli.data, cli.port)).await
        }
        Some(Command::IndexRegistrations { deployed: true }) => lanes::index_deployed_registrations().await,
        Some(Command::IndexRegistrations { deployed: false }) => {
            lanes::index_registrations(console::options(cli.data, cli.port)).await
        }
        Some(Command::VerifyJournal { numbers, deployed: true }) => {
            audit::verify_deployed_journal(&numbers).await
        }
        Some(Command::VerifyJournal { numbers, deployed: false }) => {
            audit::verify_journal(console::options(cli.data, cli.port), &numbers).await
        }
        None => console::serve(cli.port, cli.data, cli.fresh).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("✗ {}", one_line(&error));
            ExitCode::FAILURE
        }
    }
}

/// What is wrong and what to do. A cause that was told on the way isn't told again.
fn one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !line.contains(&cause) {
            let colon = if line.is_empty() { "" } else { ": " };
            line = format!("{line}{colon}{cause}");
        }
    }
    line.replace('\n', " ")
}
