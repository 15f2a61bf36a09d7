self.addEventListener("message", (event) => {
  if (event.data.input?.docType !== "close") return;
  event.stopImmediatePropagation();
  self.close();
});
