//! x
use sluice::domain::chunking::{spec::{Spec,Request},splitter::Splitter,strategy::Strategy};
use sluice::domain::text::decoder::Decoding;
fn main(){
 let a:Vec<String>=std::env::args().collect();
 let text=std::fs::read(&a[1]).unwrap();
 let st=Strategy::all().into_iter().find(|s|s.name()==a[2]).unwrap();
 let measure = sluice::domain::text::measure::Measure::ALL.into_iter().find(|m|m.name()==a[3]).unwrap();
 let spec=Spec::new(Request{strategy:Some(st),measure,..Default::default()}).unwrap();
 let mut n=0;
 let t=std::time::Instant::now();
 for _ in 0..5 {
 let mut s=Splitter::new(spec.chunker(),Decoding::default());
 for mut p in text.chunks(65536){ while !p.is_empty(){ p=&p[s.feed(p)..]; while let Some(c)=s.next_chunk().unwrap(){ n+=c.text.len(); } } }
 s.finish(); while let Some(c)=s.next_chunk().unwrap(){ n+=c.text.len(); }
 }
 println!("{} {:.0} MB/s",n, 5.0*text.len() as f64/1e6/t.elapsed().as_secs_f64());
}
