//! Encodes and decodes messages as tonic-prost does, but gives a stream no more buffer than it needs.
//!
//! tonic's codec gives each direction of a stream 8 KiB while the stream lives. A watch lives for hours, and its states
//! have some 200 bytes. Hundreds of uploads may be silent.

use std::marker::PhantomData;

use prost::Message;
use tonic::Status;
use tonic::codec::{BufferSettings, EncodeBuf};
use tonic_prost::{ProstCodec, ProstDecoder};

/// The first buffer of a stream of messages in either direction, in bytes: a state, or a small request.
const ROOM_BYTES: usize = 512;
/// The buffered bytes from which messages are sent without waiting for more, as in tonic.
const SENT_AT_BYTES: usize = 32 * 1024;

/// Encodes `T` and decodes `U`.
#[derive(Debug)]
pub struct Codec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for Codec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> tonic::codec::Codec for Codec<T, U>
where
    T: Message + 'static,
    U: Message + Default + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = Encoder<T>;
    type Decoder = ProstDecoder<U>;

    fn encoder(&mut self) -> Encoder<T> {
        Encoder(PhantomData)
    }

    fn decoder(&mut self) -> ProstDecoder<U> {
        ProstCodec::<T, U>::raw_decoder(BufferSettings::new(ROOM_BYTES, SENT_AT_BYTES))
    }
}

/// Encodes `T`.
#[derive(Debug)]
pub struct Encoder<T>(PhantomData<T>);

impl<T: Message> tonic::codec::Encoder for Encoder<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, message: T, bytes: &mut EncodeBuf<'_>) -> Result<(), Status> {
        // Reserved at once: a growing buffer would be copied several times.
        bytes.reserve(message.encoded_len());
        let encoded = message.encode(bytes);
        encoded.map_err(|error| Status::internal(error.to_string()))
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(ROOM_BYTES, SENT_AT_BYTES)
    }
}
