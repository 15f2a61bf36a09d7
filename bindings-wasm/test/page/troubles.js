// Keeps what goes wrong on the page unasked, for engines whose drivers do not tell.

globalThis.troubles = [];
addEventListener("error", ({ message }) => globalThis.troubles.push(message));
addEventListener("unhandledrejection", ({ reason }) => globalThis.troubles.push(String(reason)));
addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
  // Browsers ask for an icon by themselves.
  if (!blockedURI.endsWith("/favicon.ico")) globalThis.troubles.push(`${effectiveDirective}: ${blockedURI}`);
});
