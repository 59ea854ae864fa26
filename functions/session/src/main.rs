//! The Lambda function `session`.

use common::{aws::SdkParts, clock::Clock, config::Env, http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let (env, parts) = (Env::process(), SdkParts::from_env()?);
    let app = http::App::from_env(&env, &parts, Clock::system())?;
    let session = session::Session::from_env(app, &env, &parts)?;
    session.warm_up().await;
    session::serve(session).await
}
