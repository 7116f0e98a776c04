internal import Core
internal import HTTP
private import Identity
private import Pages
internal import Webhook

extension Auth {
    /// A page with the button: a GET ends nothing.
    func offerLogout(_ request: Request) -> Response {
        do throws(StoreError) {
            return .html(.ok, try logoutPage(request).html)
        } catch {
            return notClosed(error, request)
        }
    }

    private func logoutPage(_ request: Request) throws(StoreError) -> MessagePage {
        guard let identity = try cookieIdentity(request) else {
            return MessagePage(
                "You are signed out", "Nobody is signed in in this browser.",
                actions: [Action("Back to the start", "/")])
        }
        return MessagePage(
            "Sign out?", "You will need to sign in again to see your credits.",
            form: .init("Sign out", "/auth/logout", token: sessions.formTokens.token(for: identity)))
    }

    /// Ends the session here, takes the cookies back, and goes on to the issuer to end its own.
    func logOut(_ request: Request) -> Response {
        do throws(StoreError) {
            guard try isAskedFromHere(request) else {
                log(LogLine(.warning, "request.cross_site"), request)
                return refused(request)
            }
            if let token = sessionToken(in: Cookies(header: request.headers["cookie"])), try sessions.kept.close(token)
            {
                log(LogLine(.notice, "session.closed"), request)
            }
        } catch {
            return notClosed(error, request)
        }
        var response = Response.seeOther(endSessionAddress ?? "/")
        response.cookies = [site.sessionCookie, site.loginCookie, site.issuerCookie].map {
            Cookies.set($0, to: "", lifetime: .zero, isSecure: site.origin.isSecure)
        }
        // Pictures that the browser keeps. Not "cookies": that would sign the person out of the whole domain.
        if site.origin.isSecure { response.headers["clear-site-data"] = "\"cache\"" }
        return response
    }

    /// A browser that says where the form came from decides it; one that does not must bring the form's token.
    private func isAskedFromHere(_ request: Request) throws(StoreError) -> Bool {
        if request.headers["origin"] != nil || request.headers["sec-fetch-site"] != nil { return isFromHere(request) }
        guard let token = (try? Form(request.body))?["form_token"], let identity = try cookieIdentity(request) else {
            return false
        }
        return sessions.formTokens.isToken(token, for: identity)
    }

    /// Who is signed in in this browser, if anybody.
    private func cookieIdentity(_ request: Request) throws(StoreError) -> SessionIdentity? {
        var request = request
        request.headers["authorization"] = nil
        do throws(IdentificationError) {
            guard case .cookie(let identity) = try identify(request, at: dependencies.now()).credential else {
                return nil
            }
            return identity
        } catch {
            switch error {
            case .nobody, .notABearer, .badToken: return nil
            case .notRead(let error): throw error
            }
        }
    }

    private func notClosed(_ error: StoreError, _ request: Request) -> Response {
        log(LogLine(.error, "session.not_closed", ["store.reason": error.description]), request)
        guard request.wantsPage else { return error.problem.response(to: request) }
        let page = MessagePage(
            "Signing out does not work just now", "You may still be signed in. Wait a moment, then try again.",
            actions: [Action("Try again", "/auth/logout")], requestID: request.id)
        return .html(error.problem.status, page.html)
    }

    /// Source: https://openid.net/specs/openid-connect-rpinitiated-1_0.html
    private var endSessionAddress: String? {
        guard let login, let endpoint = login.configuration()?.endSessionEndpoint else { return nil }
        return Self.address(
            endpoint, [("client_id", login.client), ("post_logout_redirect_uri", site.publicURL + "/")])
    }
}
