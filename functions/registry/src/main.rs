//! The Lambda function `registry`.

use common::{aws::SdkParts, clock::Clock, config::Env, http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let env = Env::process();
    let app = http::App::from_env(&env, &SdkParts::from_env()?, Clock::system())?;
    let registry = registry::Registry::from_env(app, &env)?;
    registry.app.warm_up().await;
    http::serve(registry::router(registry)).await
}
