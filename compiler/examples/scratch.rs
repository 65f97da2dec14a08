use hesse_compiler::{index::plan::Plan, pipeline, syntax, expr::Expr, lower::lower};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&args[1]).unwrap();
    let dims: std::collections::BTreeMap<String, usize> = args[2].split(',').map(|p| { let (a,b)=p.split_once('=').unwrap(); (a.to_string(), b.parse().unwrap()) }).collect();
    let mut m = syntax::model(hesse_compiler::diagnostic::Source{name:"x".into(),text}, &|_,_| Err("no".into())).map_err(|e| e.1).unwrap();
    let t0 = std::time::Instant::now();
    let q = syntax::query(&mut m, &args[3]).unwrap();
    let above: Vec<Expr> = q.blocks.iter().filter(|b| { let at=|n:&str| m.params.iter().position(|p| p==n); at(&b.row)<=at(&b.col)}).map(|b| b.expr).collect();
    let roots = if above.is_empty() { vec![q.expr] } else { above };
    let d = pipeline::answer_all(&mut m.graph, &roots).unwrap();
    let d: Vec<Expr> = d.into_iter().map(|e| syntax::expand(&mut m.graph, e)).collect();
    println!("derive {:?}", t0.elapsed());
    let program = lower(&m.graph, &d);
    println!("lower {:?}", t0.elapsed());
    let plan = Plan::new(&program, &|n| dims.get(n).copied()).unwrap();
    println!("plan {:?}", t0.elapsed());
    println!("{plan}");
    println!("flops {}  steps {} peak {}", plan.flops(), plan.steps.len(), plan.peak);
}
