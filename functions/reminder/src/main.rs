//! The Lambda function `reminder`.

use common::{aws::SdkParts, clock::Clock, config::Env, telemetry};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start();
    let reminder = &reminder::Reminder::from_env(&Env::process(), &SdkParts::from_env()?, Clock::system())?;
    reminder.warm_up().await;
    run(service_fn(|event: LambdaEvent<_>| async move {
        reminder.handle(event.payload, event.context.deadline()).await.map_err(Error::from)
    }))
    .await
}
