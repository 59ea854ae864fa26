//! Running a router as a Lambda function behind API Gateway.

use axum::Router;

/// Serves `router` until Lambda ends the process.
pub async fn serve(router: Router) -> Result<(), lambda_http::Error> {
    lambda_http::run(router).await
}
