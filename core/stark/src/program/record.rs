//! Records a program.

use p3_field::PrimeCharacteristicRing;

use super::expr::{Expr, Graph, Recording};
use super::{FractionNodes, GroupProgram, Input, Node, NodeId, Program, Rule};
use crate::air::Chip;
use crate::composition::{Composition, Fingerprints, Row, RuleLog};
use crate::mask::Table;
use crate::shape::{ACCUMULATOR, Group, Shape, TableShape, Window};

/// The program of tables of this shape.
pub(crate) fn program<C: Chip>(shape: &Shape, tables: &[Table<'_, C>]) -> Program {
    assert_eq!(shape.tables.len(), tables.len(), "the tables are those of the shape");
    let recorder = Recorder::new(shape);
    let mut composition = Expr::ZERO;
    let mut groups = Vec::new();
    for (index, group) in shape.groups.iter().enumerate() {
        let (quotient, program) = recorder.group(index, group, tables);
        composition += quotient;
        groups.push(program);
    }
    let composition = recorder.recording.id(&composition);
    let Recorder { recording, fingerprints, powers, .. } = recorder;
    // They hold references to the graph, too.
    drop((fingerprints, powers));
    reachable(recording.finish(), groups, composition)
}

/// What all groups share.
struct Recorder<'a> {
    shape: &'a Shape,
    recording: Recording,
    fingerprints: Fingerprints<Expr>,
    /// The powers of `alpha`, for all constraints.
    powers: Vec<Expr>,
}

/// Keeps the constraints.
#[derive(Default)]
struct Rules(Vec<(usize, Expr)>);

impl RuleLog<Expr> for Rules {
    fn rule(&mut self, power: usize, value: impl FnOnce() -> Expr) {
        self.0.push((power, value()));
    }
}

impl<'a> Recorder<'a> {
    fn new(shape: &'a Shape) -> Self {
        let recording = Recording::default();
        let [gamma, beta, alpha] =
            [Input::Gamma, Input::Beta, Input::Alpha].map(|input| recording.input(input));
        let powers = |first: Expr, base: Expr, count: usize| {
            let next = |power: &Expr| Some(power.clone() * base.clone());
            std::iter::successors(Some(first), next).take(count).collect::<Vec<_>>()
        };
        let fingerprints = Fingerprints::of(gamma, powers(beta.clone(), beta, shape.widest_tuple));
        Self { shape, recording, fingerprints, powers: powers(Expr::ONE, alpha, shape.constraints) }
    }

    /// A group's constraints divided by its zerofier.
    fn group<C: Chip>(
        &self,
        index: usize,
        group: &Group,
        tables: &[Table<'_, C>],
    ) -> (Expr, GroupProgram) {
        let input = |input| self.recording.input(input);
        let lookup = |column, offset| input(Input::Lookup { group: index, column, offset });
        let selectors = [
            input(Input::First { group: index }),
            input(Input::Last { group: index }),
            input(Input::Transition { group: index }),
        ];
        let mut composition: Composition<'_, Expr, Expr, Rules> =
            Composition::new(&self.fingerprints, &self.powers, group.interactions.len());
        for &number in &group.tables {
            self.table(index, group, number, &tables[number], &selectors, &mut composition);
        }
        let ends = [lookup(ACCUMULATOR, 0), lookup(ACCUMULATOR, 1)];
        let batches: Vec<_> = (1..=group.batches.len()).map(|column| lookup(column, 0)).collect();
        let terminal = input(Input::Terminal { group: index });
        let sum = composition.finish(group, selectors, ends, &batches, terminal);
        let quotient = sum * input(Input::InverseZerofier { group: index });

        let names = self.names(group);
        assert_eq!(names.len(), composition.log.0.len(), "every constraint has a name");
        let rules = composition.log.0.iter().zip(names);
        let fractions = composition.lookups.fractions.iter().zip(&group.interactions);
        let program = GroupProgram {
            log_height: group.log_height,
            rules: rules
                .map(|((power, value), name)| Rule {
                    name,
                    power: *power,
                    node: self.recording.id(value),
                })
                .collect(),
            fractions: fractions
                .map(|(fraction, interaction)| FractionNodes {
                    bus: interaction.bus,
                    tag: interaction.tag,
                    count: self.recording.id(&fraction.count),
                    denominator: self.recording.id(&fraction.denominator),
                })
                .collect(),
            batches: group.batches.iter().map(|batch| (batch.first, batch.second)).collect(),
        };
        (quotient, program)
    }

    fn table<C: Chip>(
        &self,
        index: usize,
        group: &Group,
        number: usize,
        chip: &Table<'_, C>,
        [first, last, transition]: &[Expr; 3],
        composition: &mut Composition<'_, Expr, Expr, Rules>,
    ) {
        let table: &TableShape = &self.shape.tables[number];
        let cells = |window: &Window, of: &dyn Fn(usize, i32) -> Input| -> Vec<Expr> {
            window
                .cells
                .iter()
                .map(|&(column, offset)| self.recording.input(of(column, offset)))
                .collect()
        };
        let main = cells(&table.window, &|column, offset| Input::Main {
            group: index,
            column: table.first_column + column,
            offset,
        });
        let fixed = cells(&table.fixed_window, &|column, offset| Input::Fixed {
            table: number,
            column,
            offset,
        });
        let public: Vec<_> = (0..table.publics)
            .map(|column| self.recording.input(Input::Public { table: number, column }))
            .collect();
        let interiors: Vec<_> = table
            .interiors
            .iter()
            .map(|&(before, after)| {
                self.recording.input(Input::Interior { group: index, before, after })
            })
            .collect();
        let row = Row {
            table,
            window: &table.window,
            main: &main,
            fixed_window: &table.fixed_window,
            fixed: &fixed,
            public: &public,
            first: first.clone(),
            last: last.clone(),
            transition: transition.clone(),
            interiors: &interiors,
            interactions: &group.interactions,
        };
        composition.add_table(chip, row);
    }

    /// The names of a group's constraints, in the order in which the constraints are stated.
    fn names(&self, group: &Group) -> Vec<String> {
        let of_tables = group.tables.iter().flat_map(|&number| {
            let table = &self.shape.tables[number];
            table.labels.iter().map(|label| format!("{}/{label}", table.name))
        });
        let of_batches = group.batches.iter().map(|batch| {
            let bus = |interaction: usize| group.interactions[interaction].bus;
            match batch.second {
                None => format!("batch/{}", bus(batch.first)),
                Some(second) => format!("batch/{}+{}", bus(batch.first), bus(second)),
            }
        });
        let accumulator = ["first", "step", "last"].map(|part| format!("accumulator/{part}"));
        of_tables.chain(of_batches).chain(accumulator).collect()
    }
}

/// The program of the nodes that are needed, renumbered in their order.
fn reachable(graph: Graph, mut groups: Vec<GroupProgram>, composition: NodeId) -> Program {
    let mut needed = vec![false; graph.nodes.len()];
    needed[composition] = true;
    for group in &groups {
        group.rules.iter().for_each(|rule| needed[rule.node] = true);
        for fraction in &group.fractions {
            needed[fraction.count] = true;
            needed[fraction.denominator] = true;
        }
    }
    for (id, node) in graph.nodes.iter().enumerate().rev() {
        if let Node::Op(_, a, b) = *node
            && needed[id]
        {
            needed[a] = true;
            needed[b] = true;
        }
    }
    let (mut nodes, mut inputs, mut numbers) = (Vec::new(), Vec::new(), vec![0; graph.nodes.len()]);
    for (id, node) in graph.nodes.into_iter().enumerate().filter(|(id, _)| needed[*id]) {
        numbers[id] = nodes.len();
        nodes.push(match node {
            Node::Constant(value) => Node::Constant(value),
            Node::Input(input) => {
                inputs.push(graph.inputs[input]);
                Node::Input(inputs.len() - 1)
            }
            Node::Op(op, a, b) => Node::Op(op, numbers[a], numbers[b]),
        });
    }
    for group in &mut groups {
        group.rules.iter_mut().for_each(|rule| rule.node = numbers[rule.node]);
        for fraction in &mut group.fractions {
            fraction.count = numbers[fraction.count];
            fraction.denominator = numbers[fraction.denominator];
        }
    }
    Program { inputs, nodes, groups, composition: numbers[composition] }
}
