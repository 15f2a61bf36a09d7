import proof from "./proof.js";

console.log(JSON.stringify(await proof()));
