//! The Lambda function `notifier`.

use common::{aws::SdkParts, clock::Clock, config::Env, telemetry};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let notifier = &notifier::Notifier::from_env(&Env::process(), &SdkParts::from_env()?, Clock::system())?;
    notifier.warm_up().await;
    run(service_fn(
        |event: LambdaEvent<_>| async move { notifier.take(event.payload).await.map_err(Error::from) },
    ))
    .await
}
