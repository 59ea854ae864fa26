//! The Lambda function `notice`.

use common::{aws::SdkParts, clock::Clock, config::Env, http, telemetry};
use notice::Notices;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let (env, parts) = (Env::process(), SdkParts::from_env()?);
    let app = http::App::from_env(&env, &parts, Clock::system())?;
    app.warm_up().await;
    http::serve(notice::router(Notices::from_env(app, &env, &parts)?)).await
}
