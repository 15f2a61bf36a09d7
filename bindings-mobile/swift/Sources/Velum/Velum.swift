// What UniFFI writes around the native library is part of this module for whoever imports it. It is a module of its own because it
// does not compile in the language mode of Swift 6.
@_exported import VelumBindings
