internal import Core
private import Images
internal import JSON

extension Route {
    static let generations: [Route] = [
        .api(
            "listGenerations", .get, "/api/v1/generations", "The caller's generations", query: .page,
            answers: [.json(200, "A page", Generation.list.component), .asKnown]),
        .api(
            "createGeneration", .post, "/api/v1/generations", takesPicture: true, "Takes a picture and one credit",
            isKeyed: true, body: .picture, answers: [.made(202, "Queued", QueuedGeneration.shape.component)],
            refusals: [.noCredits, .unsupportedType, .tooMany]),
        .api(
            "getGeneration", .get, "/api/v1/generations/{id}", "One generation of the caller's", subject: .generation,
            answers: [.json(200, "As it stands", Generation.shape.component), .asKnown]),
        .api(
            "deleteGeneration", .delete, "/api/v1/generations/{id}",
            "Deletes it; a pending one is cancelled and its credit returned", subject: .generation,
            answers: [.bare(204, "Deleted")]),
        .api(
            "retryGeneration", .post, "/api/v1/generations/{id}/retry",
            "Tries a failed one again; charges if the credit was given back", subject: .generation, isKeyed: true,
            answers: [.made(202, "Queued", QueuedGeneration.shape.component)], refusals: [.noCredits, .tooMany]),
        .picture("getOriginal", "original", "The picture that was sent", ImageKind.allCases),
        .picture("getResult", "result", "The picture that was made", ImageKind.allCases),
        .picture("getThumbnail", "thumbnail", "A small picture of what was made, where that is large", [.webp]),
        .page("galleryPage", "/"),
        .uploadForm("upload", "/"),
        .page("generationPage", "/generations/{id}"),
        .form("actOnGeneration", "/generations/{id}"),
        .health("generationsHealth", "/healthz/generations"),
    ]

    private static func picture(_ name: String, _ role: String, _ summary: String, _ kinds: [ImageKind]) -> Route {
        .api(
            name, .get, "/api/v1/generations/{id}/\(role)", summary, subject: .generation,
            answers: [
                Answer(
                    status: 200, about: "The bytes; private, with `ETag` and ranges",
                    contents: kinds.map { ($0.contentType, .file) }),
                Answer(status: 206, about: "A range of them", contents: kinds.map { ($0.contentType, nil) }),
                .bare(304, "As known"), .problem(416, "There is no such range"),
            ])
    }
}

extension Parameter {
    fileprivate static let generation = subject("id", Kind<Generation.ID>.id().schema, "The generation's id")
}

extension Answer {
    fileprivate static let asKnown = bare(304, "As known by `If-None-Match`")
}

extension Body {
    fileprivate static let picture = Body(
        ImageKind.allCases.map { ($0.contentType, .file) } + [
            (
                "multipart/form-data",
                .taking(
                    [
                        ("image", .file),
                        (
                            "form_token",
                            Kind<String>.text.schema.described("From a page; only with the session's cookie")
                        ),
                    ], required: ["image"])
            )
        ])
}

extension JSON {
    fileprivate static let file: JSON = ["type": "string", "format": "binary"]
}
