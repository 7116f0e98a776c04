import Clients
import Core
import Crypto
import Endpoints
import FastCGI
import Serving
import System

serving("generations") { (settings: GenerationsSettings, store, log) in
    followSources(settings.serving, text: System.text(ofFile:))
    let blobs = BlobDirectory(path: settings.images, random: randomBytes)
    let site = Site(
        GenerationsDependencies(
            store: store, maximumUploadBytes: settings.maximumUploadBytes, maximumPixels: settings.maximumPixels,
            limits: settings.limits, begin: { () throws(BlobError) in try blobs.begin() },
            discard: { ids throws(BlobError) in
                try blobs.remove(ids) { id throws(StoreError) in try store.generations.isReferenced(id) }
            },
            now: System.now, random: randomBytes, log: log.callAsFunction))
    let longest = GenerationsDependencies.maximumBodyBytes(maximumUploadBytes: settings.maximumUploadBytes)
    var endpoint = Endpoint(respond: site.respond)
    endpoint.streaming = .init(maximumBodyBytes: longest, applies: Site.takesPicture)
    endpoint.isUrgent = site.isUrgent
    return endpoint
}
