//! The Lambda function `roster`.

use common::{aws::SdkParts, clock::Clock, config::Env, telemetry};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use roster::RosterWorker;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let worker = &RosterWorker::from_env(&Env::process(), &SdkParts::from_env()?, Clock::system())?;
    worker.warm_up().await;
    run(service_fn(|event: LambdaEvent<_>| async move {
        worker.handle(event.payload, event.context.deadline()).await.map_err(Error::from)
    }))
    .await
}
