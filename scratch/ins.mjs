import Sqlite from 'better-sqlite3'
import { randomBytes } from 'node:crypto'
for (const mode of ['trigger','none','multi']) {
  const f='/tmp/ins.db'; (await import('node:fs')).rmSync(f,{force:true});
  const d=new Sqlite(f); d.pragma('journal_mode=wal'); d.pragma('synchronous=full'); d.pragma('wal_autocheckpoint=10000'); d.defaultSafeIntegers()
  d.exec(`CREATE TABLE entries ("index" INTEGER PRIMARY KEY CHECK ("index" BETWEEN 0 AND 9007199254740991), bytes BLOB NOT NULL CHECK (length(bytes) > 0), outcome BLOB NOT NULL CHECK (length(outcome) > 0)) STRICT;`)
  if (mode==='trigger') d.exec(`CREATE TRIGGER entries_insert BEFORE INSERT ON entries WHEN NEW."index" IS NOT (SELECT coalesce(max("index") + 1, 0) FROM entries) BEGIN SELECT RAISE(ABORT, 'x'); END;`)
  d.exec(`CREATE TABLE ids (id BLOB PRIMARY KEY CHECK (length(id) = 24), "index" INTEGER NOT NULL) STRICT, WITHOUT ROWID`)
  const N=80000; const bytes=randomBytes(470), out=randomBytes(60)
  const ids=Array.from({length:N},(_,i)=>{const b=randomBytes(24);b.writeUInt32BE(1e9+Math.floor(i/20000));return b})
  const ins=d.prepare('INSERT INTO entries VALUES (?,?,?)'), idi=d.prepare('INSERT INTO ids VALUES (?,?)')
  const M=16; const insM=d.prepare('INSERT INTO entries VALUES '+Array(M).fill('(?,?,?)').join(',')), idM=d.prepare('INSERT INTO ids VALUES '+Array(M).fill('(?,?)').join(','))
  let te=0,ti=0,tc=0
  for(let at=0;at<N;at+=4000){ d.exec('BEGIN IMMEDIATE'); let t=process.cpuUsage();
    if(mode==='multi'){ for(let i=at;i<at+4000;i+=M){const a=[];for(let k=0;k<M;k++)a.push(i+k,bytes,out);insM.run(a)} } else for(let i=at;i<at+4000;i++) ins.run(i,bytes,out);
    let u=process.cpuUsage(t); te+=u.user+u.system; t=process.cpuUsage();
    if(mode==='multi'){ for(let i=at;i<at+4000;i+=M){const a=[];for(let k=0;k<M;k++)a.push(ids[i+k],i+k);idM.run(a)} } else for(let i=at;i<at+4000;i++) idi.run(ids[i],i);
    u=process.cpuUsage(t); ti+=u.user+u.system; t=process.cpuUsage(); d.exec('COMMIT'); u=process.cpuUsage(t); tc+=u.user+u.system }
  let t=process.cpuUsage(); const g=d.prepare('SELECT "index" FROM ids WHERE id=?').pluck(); for(const id of ids.slice(0,20000)) g.get(id); let u=process.cpuUsage(t)
  const K=50; const gk=d.prepare('SELECT id,"index" FROM ids WHERE id IN ('+Array(K).fill('?').join(',')+')').raw(); let t2=process.cpuUsage(); for(let i=0;i<20000;i+=K) gk.all(ids.slice(i,i+K).map(b=>{const c=Buffer.from(b);c[10]^=1;return c})); let u2=process.cpuUsage(t2)
  const t3=process.cpuUsage(); for(let i=0;i<20000;i++){const c=Buffer.from(ids[i]);c[10]^=1;g.get(c)} const u3=process.cpuUsage(t3)
  console.log(mode,'entries',te/N,'ids',ti/N,'commit',tc/N,'get',(u.user+u.system)/20000,'absent single',(u3.user+u3.system)/20000,'absent IN',(u2.user+u2.system)/20000); d.close()
}
