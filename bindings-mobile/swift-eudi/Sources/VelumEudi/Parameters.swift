import Foundation
import MdocDataModel18013
import Velum

/// The parameters of a spec.
struct Parameters: Sendable {
    static let version: Int64 = 1

    let suite: Suite
    let sizeClass: SizeClass
    /// The predicates in the form of a request.
    let predicates: [Predicate]

    struct Predicate: Sendable {
        let name: ElementName
        /// The predicate as JSON.
        let json: Data
    }

    init(suite: Suite, sizeClass: SizeClass, predicates: [Predicate]) {
        self.suite = suite
        self.sizeClass = sizeClass
        self.predicates = predicates
    }

    init(_ spec: ZkSystemSpec) throws {
        guard spec.system == VelumZkSystem.name else { throw VelumZkError.unsupported(spec.system) }
        guard spec.params["version"]?.intValue == Self.version else { throw VelumZkError.unsupported("version") }
        suite = try Self.named("suite", in: spec)
        sizeClass = try Self.named("size_class", in: spec)
        guard let text = spec.params["predicates"] else {
            predicates = []
            return
        }
        let parsed = try? JSONSerialization.jsonObject(with: Data((text.stringValue ?? "").utf8)) as? [[String: Any]]
        guard let parsed else { throw VelumZkError.unsupported("predicates") }
        predicates = try parsed.map { predicate in
            guard let namespace = predicate["namespace"] as? String, let element = predicate["element"] as? String else {
                throw VelumZkError.unsupported("predicates")
            }
            let name = ElementName(namespace: namespace, element: element)
            return Predicate(name: name, json: try JSONSerialization.data(withJSONObject: predicate, options: .sortedKeys))
        }
    }

    var asSpec: ZkParams {
        [
            "version": .intParam(Self.version),
            "suite": .stringParam("\(suite)"),
            "size_class": .stringParam("\(sizeClass)"),
            "num_attributes": .intParam(sizeClass.elements),
        ]
    }

    func hides(_ name: ElementName) -> Bool {
        predicates.contains { $0.name == name }
    }

    /// Returns the case with the name that a parameter holds.
    private static func named<Case: CaseIterable>(_ parameter: String, in spec: ZkSystemSpec) throws -> Case {
        let name = spec.params[parameter]?.stringValue
        guard let found = Case.allCases.first(where: { "\($0)" == name }) else { throw VelumZkError.unsupported(parameter) }
        return found
    }
}

extension SizeClass {
    /// The maximum number of elements that a request may name.
    var elements: Int64 {
        switch self {
        case .standard: 4
        case .large, .extra: 8
        }
    }
}
