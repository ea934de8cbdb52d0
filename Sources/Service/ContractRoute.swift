internal import HTTP

/// `GET /openapi.json`: the contract of this service.
enum ContractRoute {
    static func contract(_ request: Request, _ service: Service) async throws -> Response {
        EntityTag.unlessUnchanged(request, service.contract, "application/json")
    }
}
