//! x
use sluice::domain::chunking::{spec::{Spec,Request},splitter::Splitter,strategy::Strategy,packing::Packing};
use sluice::domain::text::decoder::Decoding;
use sluice::domain::text::measure::Measure;
#[path = "../tests/chunking/world/documents.rs"]
mod documents;
fn main(){
 let n:usize=std::env::args().nth(1).unwrap().parse().unwrap();
 let mut rows=vec![];
 for d in documents::pathological(n){
  for st in Strategy::all(){ for measure in Measure::ALL { for packing in Packing::ALL { for overlap in [0,200]{ for min in [None,Some(125.max(2*overlap))]{
   let spec=Spec::new(Request{strategy:Some(st.clone()),measure,packing,overlap,min_size:min,max_size:Some(1000),..Default::default()}).unwrap();
   let t=std::time::Instant::now();
   let mut s=Splitter::new(spec.chunker(),Decoding::default());
   let mut c=0;
   for mut p in d.text.as_bytes().chunks(65536){ while !p.is_empty(){ p=&p[s.feed(p)..]; while let Some(_)=s.next_chunk().unwrap(){ c+=1; } } }
   s.finish(); while let Some(_)=s.next_chunk().unwrap(){ c+=1; }
   rows.push((d.text.len() as f64/1e6/t.elapsed().as_secs_f64(), c, d.name.clone(), spec.to_string()));
  }}}}}
 }
 rows.sort_by(|a,b|a.0.total_cmp(&b.0));
 for r in rows.iter().take(40){ println!("{:8.2} MB/s {:6} {:30} {}",r.0,r.1,r.2,&r.3[..r.3.len().min(110)]); }
}
