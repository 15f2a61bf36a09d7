import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The maximum time for an answer, in seconds. A node verifies a presentation before it answers.
private let answerSeconds: TimeInterval = 60

/// Asks markets over HTTP with `URLSession`.
///
/// It follows no redirects, keeps no cookies and no cache, and does not identify the app or the device. To go through a
/// relay, which hides the address of whoever submits, write a ``MarketHost`` for the app.
public final class HTTPMarketHost: MarketHost {
    public init() {}

    public func send(request: MarketRequest) async throws -> MarketResponse {
        guard let url = URL(string: request.url) else { throw MarketHostError.Failed(reason: "not a URL") }
        var asked = URLRequest(url: url, cachePolicy: .reloadIgnoringLocalAndRemoteCacheData, timeoutInterval: answerSeconds)
        // The system's default names the app and the version of the device.
        asked.setValue("velum", forHTTPHeaderField: "User-Agent")
        // Without compression, the number of bytes that arrive is the number that is counted.
        asked.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
        if let body = request.body {
            asked.httpMethod = "POST"
            asked.httpBody = body
            asked.setValue("application/json", forHTTPHeaderField: "Content-Type")
        }
        return try await Exchange(most: request.mostBytes).run(asked)
    }

    public func sleep(duration: TimeInterval) async throws {
        do {
            try await Task.sleep(nanoseconds: UInt64(max(0, duration) * 1e9))
        } catch {
            throw MarketHostError.Failed(reason: "the wait was cancelled")
        }
    }
}

/// One request and its answer. It reads no more of the answer than the limit allows.
private final class Exchange: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    private let most: UInt64
    private let lock = NSLock()
    private var body = Data()
    private var isTooLong = false
    private var answered: CheckedContinuation<MarketResponse, any Error>?

    init(most: UInt64) {
        self.most = most
    }

    func run(_ request: URLRequest) async throws -> MarketResponse {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpCookieStorage = nil
        configuration.httpShouldSetCookies = false
        configuration.urlCache = nil
        configuration.timeoutIntervalForResource = answerSeconds
        let session = URLSession(configuration: configuration, delegate: self, delegateQueue: nil)
        // The session retains its delegate until then.
        defer { session.finishTasksAndInvalidate() }
        let task = session.dataTask(with: request)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                lock.withLock { answered = continuation }
                task.resume()
            }
        } onCancel: {
            task.cancel()
        }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let isTooLong = lock.withLock {
            body.append(data)
            self.isTooLong = UInt64(body.count) > most
            return self.isTooLong
        }
        if isTooLong { dataTask.cancel() }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        let (continuation, body, isTooLong) = lock.withLock {
            defer { answered = nil }
            return (answered, self.body, self.isTooLong)
        }
        if isTooLong {
            continuation?.resume(throwing: MarketHostError.Failed(reason: "the answer has more than \(most) bytes"))
        } else if let response = task.response as? HTTPURLResponse, error == nil {
            let seconds = response.value(forHTTPHeaderField: "Retry-After").flatMap { UInt32($0) }
            let status = UInt16(clamping: response.statusCode)
            continuation?.resume(returning: MarketResponse(status: status, retryAfter: seconds, body: body))
        } else {
            let reason = error?.localizedDescription ?? "the answer is not HTTP"
            continuation?.resume(throwing: MarketHostError.Failed(reason: reason))
        }
    }
}
