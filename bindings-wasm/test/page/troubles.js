// Collects what goes wrong on the page unexpectedly, for engines whose drivers do not report it.

globalThis.troubles = [];
addEventListener("error", ({ message }) => globalThis.troubles.push(message));
addEventListener("unhandledrejection", ({ reason }) => globalThis.troubles.push(String(reason)));
addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
  // Browsers request an icon by themselves.
  if (!blockedURI.endsWith("/favicon.ico")) globalThis.troubles.push(`${effectiveDirective}: ${blockedURI}`);
});
