// Comes back to an address of ours when the place that the page leads to keeps the browser waiting and sends nothing. Until its
// answer begins, this page is still the one that runs; so this stands before whatever sends the page on. The page works without it:
// the person stops the loading and presses a button.
'use strict';
const own = document.currentScript.dataset;
setTimeout(() => location.replace(own.to), Number(own.after) * 1000);
