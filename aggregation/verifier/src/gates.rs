//! The kinds of gates that a root's circuit may have.

use alloc::vec::Vec;

use plonky2::gates::arithmetic_base::ArithmeticGate;
use plonky2::gates::arithmetic_extension::ArithmeticExtensionGate;
use plonky2::gates::base_sum::BaseSumGate;
use plonky2::gates::constant::ConstantGate;
use plonky2::gates::coset_interpolation::CosetInterpolationGate;
use plonky2::gates::exponentiation::ExponentiationGate;
use plonky2::gates::gate::{VerificationGate, VerificationGateRef};
use plonky2::gates::multiplication_extension::MulExtensionGate;
use plonky2::gates::noop::NoopGate;
use plonky2::gates::poseidon::PoseidonGate;
use plonky2::gates::poseidon_mds::PoseidonMdsGate;
use plonky2::gates::public_input::PublicInputGate;
use plonky2::gates::random_access::RandomAccessGate;
use plonky2::gates::reducing::ReducingGate;
use plonky2::gates::reducing_extension::ReducingExtensionGate;
use plonky2::plonk::circuit_data::CommonCircuitData;
use plonky2::util::serialization::{Buffer, GateSerializer, IoError, IoResult, Read, Write};

use crate::{D, F};

/// Reads and writes gates as plonky2's `DefaultGateSerializer` does, except the gates for lookups
/// and for Poseidon2.
///
/// A circuit that verifies plonky2 proofs needs neither of them. If they were supported, the code
/// that evaluates them would be part of every program that verifies.
#[derive(Debug)]
pub(crate) struct RootGates;

/// Implements the serializer for these kinds of gates, each with the number by which plonky2 writes
/// it.
macro_rules! kinds {
    ($($number:literal = $gate:ty,)+) => {
        impl GateSerializer<F, D> for RootGates {
            fn read_gate(
                &self,
                buffer: &mut Buffer<'_>,
                common: &CommonCircuitData<F, D>,
            ) -> IoResult<VerificationGateRef<F, D>> {
                match buffer.read_u32()? {
                    $($number => {
                        let gate = <$gate as VerificationGate<F, D>>::deserialize(buffer, common)?;
                        Ok(VerificationGateRef::new(gate))
                    })+
                    _ => Err(IoError),
                }
            }

            fn write_gate(
                &self,
                bytes: &mut Vec<u8>,
                gate: &VerificationGateRef<F, D>,
                common: &CommonCircuitData<F, D>,
            ) -> IoResult<()> {
                let any = gate.0.as_any();
                let number = match () {
                    $(() if any.is::<$gate>() => $number,)+
                    () => return Err(IoError),
                };
                bytes.write_u32(number)?;
                gate.0.serialize(bytes, common)
            }
        }
    };
}

kinds! {
    0 = ArithmeticGate,
    1 = ArithmeticExtensionGate<D>,
    2 = BaseSumGate<2>,
    3 = ConstantGate,
    4 = CosetInterpolationGate<F, D>,
    5 = ExponentiationGate<F, D>,
    8 = MulExtensionGate<D>,
    9 = NoopGate,
    10 = PoseidonMdsGate<F, D>,
    11 = PoseidonGate<F, D>,
    15 = PublicInputGate,
    16 = RandomAccessGate<F, D>,
    17 = ReducingExtensionGate<D>,
    18 = ReducingGate<D>,
}
