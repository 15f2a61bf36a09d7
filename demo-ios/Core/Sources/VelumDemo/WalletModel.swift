import Foundation
import Observation
import Velum

/// The wallet. It keeps cards and prepared answers, and answers questions. Data of a card leaves it only through
/// ``consent()``.
@MainActor @Observable
public final class WalletModel {
    /// The state of a question.
    public enum Conversation: Equatable, Sendable {
        case none
        /// The holder is asked.
        case consent(Consent)
        /// The answer is being made. The value is the fraction that is done.
        case answering(Double)
        case answered(Answer)
        case failed(Failure)
    }

    /// An answer, and how it was made.
    public struct Answer: Equatable, Sendable {
        /// The presentation.
        public let message: Data
        /// Whether the long part of the answer was prepared before.
        public let wasPrepared: Bool
        public let duration: Duration
    }

    /// The number of answers to the most common question that are kept ready.
    public static let target = 3

    public private(set) var cards: [Card] = []
    /// The number of answers to the most common question that are ready.
    public private(set) var ready = 0
    /// The progress of preparing. Nil while nothing is being prepared.
    public private(set) var filling: Double?
    public private(set) var conversation = Conversation.none
    /// What went wrong outside a conversation.
    public private(set) var trouble: Failure?

    private let wallet: VelumWallet
    private let pool: VelumPool
    private let store: CardStore
    private let root: String
    private let sha256: SHA256Function
    private let signer: @Sendable (Card) async throws -> any DeviceSigner
    private let now: @Sendable () -> Date
    private var pending: (question: Question, card: Card)?
    private var work: Task<Void, Never>?

    /// - Parameters:
    ///   - folder: The folder for cards and prepared answers, in the app's own container.
    ///   - key: 32 random bytes from the Keychain, which seal prepared answers.
    ///   - root: The certificate of the authority that issued the cards, in PEM. Answers are prepared for verifiers
    ///     that trust this authority.
    ///   - signer: Returns the signer with the device key of a card.
    public init(
        wallet: VelumWallet, folder: URL, key: Data, root: String, sha256: @escaping SHA256Function,
        now: @escaping @Sendable () -> Date = { Date() }, signer: @escaping @Sendable (Card) async throws -> any DeviceSigner
    ) throws {
        self.wallet = wallet
        self.root = root
        self.sha256 = sha256
        self.signer = signer
        self.now = now
        store = try CardStore(folder: folder.appendingPathComponent("cards"))
        pool = try VelumPool(wallet: wallet, folder: folder.appendingPathComponent("pool"), key: key)
    }

    /// Reads the stored cards and counts the answers.
    public func refresh() async {
        await reporting {
            cards = try store.cards()
            try await countReady()
        }
    }

    /// Adds a document.
    public func add(document: Data) async {
        await reporting {
            try store.add(try Card(document: document))
            cards = try store.cards()
            try await countReady()
        }
    }

    /// Removes a card, and every answer that was prepared from it.
    public func remove(_ card: Card) async {
        await reporting {
            try store.remove(card)
            cards = try store.cards()
            try await pool.sweep(held: cards.map(\.document))
            try await countReady()
        }
    }

    /// Prepares answers to the most common question, up to ``target``. The prepared answers are kept if the task is
    /// cancelled.
    ///
    /// - Returns: Whether it finished.
    @discardableResult
    public func fill() async -> Bool {
        await reporting {
            defer { filling = nil }
            for card in cards where card.problem == nil {
                let request = try Ask.usual.request(trusting: root, at: now())
                for try await work in pool.filling(document: card.document, request: request, wanted: Self.target) {
                    if case .progress(_, let fraction) = work { filling = fraction }
                }
                try Task.checkCancellation()
                try await countReady()
            }
        }
    }

    /// Reads a question, and asks the holder.
    public func receive(_ message: Data) {
        cancel()
        do {
            let question = try Question(message: message)
            var failure: any Error = Failure.noCard
            for card in cards {
                do {
                    let explanation = try Velum.explain(document: card.document, request: question.request)
                    pending = (question, card)
                    conversation = .consent(Consent(question, explanation, now: now()))
                    return
                } catch let error as VelumError where error.code == .docType {
                    failure = Failure.noCard
                } catch {
                    failure = error
                }
            }
            throw failure
        } catch {
            conversation = .failed(Failure(error))
        }
    }

    /// The holder agrees: has the device sign, and makes the answer.
    public func consent() {
        guard let (question, card) = pending, case .consent(let consent) = conversation else { return }
        pending = nil
        conversation = .answering(0)
        work = Task {
            let end = await ending(question, card, anyTime: consent.isOffClock)
            // Another question may have taken its place.
            if !Task.isCancelled { conversation = end }
            await reporting { try await countReady() }
        }
    }

    /// The holder does not agree, or has seen the answer.
    public func dismiss() {
        cancel()
    }

    /// Waits for the answer that is being made.
    func finished() async {
        await work?.value
    }

    private func cancel() {
        work?.cancel()
        work = nil
        pending = nil
        conversation = .none
    }

    private func ending(_ question: Question, _ card: Card, anyTime: Bool) async -> Conversation {
        do {
            return .answered(try await answer(question, card, anyTime: anyTime))
        } catch is CancellationError {
            return .none
        } catch let error as VelumError where error.code == .signerCancelled {
            // A holder who does not sign declines.
            return .none
        } catch {
            return .failed(Failure(error))
        }
    }

    private func answer(_ question: Question, _ card: Card, anyTime: Bool) async throws -> Answer {
        let began = ContinuousClock.now
        let works = pool.presenting(
            document: card.document, request: question.request, transcript: try question.transcript(sha256),
            signer: try await signer(card), clock: anyTime ? .any : .at(time: now()))
        for try await work in works {
            switch work {
            case .progress(_, let fraction):
                try Task.checkCancellation()
                conversation = .answering(fraction)
            case .done(let presentation):
                return Answer(
                    message: presentation.presentation, wasPrepared: presentation.fromPool,
                    duration: ContinuousClock.now - began)
            }
        }
        throw CancellationError()
    }

    private func countReady() async throws {
        var count = 0
        for card in cards where card.problem == nil {
            let request = try Ask.usual.request(trusting: root, at: now())
            // A card of another type cannot answer this question. Skip it.
            count += (try? await pool.count(document: card.document, request: request)) ?? 0
        }
        ready = count
    }

    @discardableResult
    private func reporting(_ work: () async throws -> Void) async -> Bool {
        do {
            try await work()
            trouble = nil
            return true
        } catch is CancellationError {
            return false
        } catch {
            trouble = Failure(error)
            return false
        }
    }
}
