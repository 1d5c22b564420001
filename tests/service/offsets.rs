//! The offsets of the messages of an upload stream.

use tonic::Code;

use crate::support::world::{
    World, expected, first, last, metadata, more, name_of, plain, prose, reason, resumed, spec,
};

const RUNNING: i32 = 1;
const SUCCEEDED: i32 = 2;

/// Only the first content of a stream may repeat committed bytes. Each later message must have the next offset.
#[tokio::test]
async fn an_offset_that_goes_back_within_a_stream_is_refused_and_nothing_is_lost() {
    let world = World::start().await;
    let (spec, text) = (spec("back"), prose(200_000));
    let source = text.as_bytes();
    let (one, two) = source.split_at(100_000);
    let length = i64::try_from(source.len()).unwrap();
    let back = [
        vec![first(&spec, one), more(0, two)],
        vec![first(&spec, one), last(more(0, two))],
        vec![first(&spec, one), more(99_999, two)],
        vec![first(&spec, one), last(more(0, b""))],
        // The same for an upload that already has these bytes, so that they would be skipped.
        vec![first(&spec, &one[..50_000]), more(0, &one[50_000..])],
        vec![resumed(&name_of(&spec), 0, one), last(more(0, b""))],
        vec![last(resumed(&name_of(&spec), 0, b""))],
    ];
    for messages in back {
        let refused = world.send(messages).await.unwrap_err();
        assert_eq!(
            (refused.code(), metadata(&refused, "field").as_str()),
            (Code::InvalidArgument, "write_offset"),
            "{refused}"
        );
        assert!(refused.message().contains("must be"), "{refused}");
    }
    let gap = vec![first(&spec, &one[..50_000]), more(50_001, b"x")];
    let refused = world.send(gap).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::OutOfRange, "UPLOAD_OFFSET_MISMATCH")
    );
    assert_eq!(metadata(&refused, "expected_offset"), "50000");
    let open = world.get_upload(&name_of(&spec)).await.unwrap();
    assert_eq!(open.state, RUNNING);
    // A message without content keeps the stream alive at any offset.
    let kept_alive = vec![
        first(&spec, one),
        more(0, b""),
        more(i64::MAX, b""),
        more(100_000, two),
        last(more(length, b"")),
    ];
    let done = world.send(kept_alive).await.unwrap();
    assert_eq!(done.state, SUCCEEDED);
    assert_eq!(
        plain(&world.rows(&done.document).await.unwrap()),
        expected(&text)
    );
}
