//! The Lambda function `registry`.

use common::{aws::SdkParts, clock::Clock, config::Env, http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let app = http::App::from_env(&Env::process(), &SdkParts::from_env()?, Clock::system())?;
    app.warm_up().await;
    http::serve(registry::router(app)).await
}
