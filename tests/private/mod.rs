//! Servers of the tests' own: started on free ports in folders of their own, and gone when the last
//! test that uses them ends, whether it passed or not.

pub(crate) mod postgres;
