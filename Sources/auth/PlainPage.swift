internal import Endpoints

/// The page in the fewest words of HTML.
@Sendable func plainPage(_ page: AuthPage) -> String {
    let action =
        switch page.action {
        case .link(let label, let address): "<p><a href=\"\(escaped(address))\">\(escaped(label))</a></p>"
        case .button(let label, let address, let formToken):
            """
            <form method="post" action="\(escaped(address))">
            <input type="hidden" name="form_token" value="\(escaped(formToken))">
            <button type="submit">\(escaped(label))</button>
            </form>
            """
        }
    return """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(escaped(page.title))</title>
        </head>
        <body>
        <main>
        <h1>\(escaped(page.title))</h1>
        <p>\(escaped(page.text))</p>
        \(action)
        </main>
        </body>
        </html>

        """
}

private func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
}
