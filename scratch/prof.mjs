import { readFileSync } from 'node:fs'
const p = JSON.parse(readFileSync(process.argv[2])); const byId = new Map(p.nodes.map(n=>[n.id,n])); const self=new Map();
const dt=p.timeDeltas; p.samples.forEach((s,i)=>self.set(s,(self.get(s)??0)+dt[i]));
let tot=0; const f=new Map(); for(const [id,t] of self){const n=byId.get(id).callFrame; const k=`${n.functionName||'(anon)'} ${n.url.split('/').slice(-2).join('/')}:${n.lineNumber+1}`; f.set(k,(f.get(k)??0)+t); tot+=t}
// inclusive
const parent=new Map(); for(const n of p.nodes) for(const c of n.children??[]) parent.set(c,n.id);
const inc=new Map(); for(const [id,t] of self){ const seen=new Set(); for(let x=id;x!==undefined;x=parent.get(x)){const n=byId.get(x).callFrame;const k=`${n.functionName||'(anon)'} ${n.url.split('/').slice(-2).join('/')}:${n.lineNumber+1}`; if(!seen.has(k)){seen.add(k);inc.set(k,(inc.get(k)??0)+t)}}}
const N=Number(process.argv[3]??45);console.log('total ms',tot/1000);
console.log('SELF');for(const [k,t] of [...f].sort((a,b)=>b[1]-a[1]).slice(0,N))console.log((t/tot*100).toFixed(1).padStart(5),k);
console.log('INCL');for(const [k,t] of [...inc].sort((a,b)=>b[1]-a[1]).slice(0,N))console.log((t/tot*100).toFixed(1).padStart(5),k);
