//! The Lambda function `certificate`.

use certificate::Certificates;
use common::{aws::SdkParts, clock::Clock, config::Env, http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let (env, parts) = (Env::process(), SdkParts::from_env()?);
    let app = http::App::from_env(&env, &parts, Clock::system())?;
    let certificates = Certificates::from_env(app, &env, &parts)?;
    certificates.warm_up().await;
    http::serve(certificate::router(certificates)).await
}
