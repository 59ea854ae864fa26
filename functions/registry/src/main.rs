//! The Lambda function `registry`.

use common::{aws::SdkParts, clock::Clock, config::Env, http, telemetry};
use registry::Registry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let env = Env::process();
    let app = http::App::from_env(&env, &SdkParts::from_env()?, Clock::system())?;
    app.warm_up().await;
    http::serve(registry::router(Registry::from_env(app, &env)?)).await
}
