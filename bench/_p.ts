import { policyGroups } from "./rows/policies.ts";
const w = await policyGroups[0]!.open({full:false});
const name = Deno.args[0]!;
const [a,b] = await w.turns(name);
for (const [n,t] of [["ours",b]] as const) { let best=Infinity; const end=performance.now()+Number(Deno.args[1]??1500); while(performance.now()<end){ const v=await t(); if(v<best)best=v;} console.log(n,best.toFixed(2)); if(n==="base"&&0)break; }
