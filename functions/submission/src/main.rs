//! The Lambda function `submission`.

use common::{aws::SdkParts, clock::Clock, config::Env, http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let env = Env::process();
    let app = http::App::from_env(&env, &SdkParts::from_env()?, Clock::system())?;
    let submission = submission::Submission::from_env(app, &env)?;
    submission.app.warm_up().await;
    http::serve(submission::router(submission)).await
}
