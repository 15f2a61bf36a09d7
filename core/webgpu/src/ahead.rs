//! Pipelines of a browser, compiled before they are asked for.
//!
//! `wgpu` creates pipelines by the call that makes a browser's GPU process wait while it compiles, and every page with it. The other call gives a
//! promise. So pipelines are created twice. The first time, a method in place of the device's own notes what is asked for and makes the other call.
//! The second time, one hands out what was promised.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;

use crate::device::GpuError;

/// What `wgpu` calls.
const METHOD: &str = "createComputePipeline";

/// What is called in its place.
const PROMISING: &str = "createComputePipelineAsync";

/// Compiles the pipelines that `create` creates, so that it gets them without waiting when it is called again. What this changed of the device,
/// [`forget`] changes back.
///
/// # Errors
/// [`GpuError::Compilation`] of the first that is refused, and the errors of `create`.
pub(crate) async fn compile<T>(
    device: &wgpu::Device,
    create: impl Fn() -> Result<T, GpuError>,
) -> Result<(), GpuError> {
    let Some(device) = device.as_webgpu().map(|device| AsRef::<JsValue>::as_ref(device).clone())
    else {
        return Ok(());
    };
    let Some(promising) =
        member(&device, PROMISING).and_then(|method| method.dyn_into::<Function>().ok())
    else {
        return Ok(());
    };
    let asked = Rc::new(RefCell::new(Vec::new()));
    let ask = {
        let (device, asked) = (device.clone(), asked.clone());
        Closure::<dyn Fn(JsValue) -> JsValue>::new(move |description: JsValue| {
            let name = member(&description, "label").and_then(|label| label.as_string());
            let promise = promising.call1(&device, &description);
            asked.borrow_mut().push((name.unwrap_or_default(), promise));
            // Nobody uses it.
            Object::new().into()
        })
    };
    replace(&device, ask.as_ref());
    let created = create().map(drop);
    restore(&device);
    created?;
    let mut pipelines = Vec::new();
    for (kernel, promise) in settled(asked.take()).await {
        pipelines.push(promise.map_err(|error| refused(kernel, &error))?);
    }
    let next = Cell::new(0);
    let hand_out = Closure::<dyn Fn(JsValue) -> JsValue>::new(move |_| {
        let pipeline = pipelines.get(next.get()).cloned().unwrap_or_default();
        next.set(next.get() + 1);
        pipeline
    });
    // JavaScript keeps it for as long as it keeps the method.
    replace(&device, &hand_out.into_js_value());
    Ok(())
}

/// Lets the device create pipelines by itself again.
pub(crate) fn forget(device: &wgpu::Device) {
    if let Some(device) = device.as_webgpu() {
        restore(device.as_ref());
    }
}

/// A member of an object, if it has one.
pub(crate) fn member(object: impl AsRef<JsValue>, name: &str) -> Option<JsValue> {
    let found = Reflect::get(object.as_ref(), &name.into()).ok()?;
    (!found.is_undefined() && !found.is_null()).then_some(found)
}

fn replace(device: &JsValue, method: &JsValue) {
    // Of an object that cannot be changed the method stays, and pipelines are waited for.
    let _ = Reflect::set(device, &METHOD.into(), method);
}

fn restore(device: &JsValue) {
    if let Some(device) = device.dyn_ref::<Object>() {
        let _ = Reflect::delete_property(device, &METHOD.into());
    }
}

type Outcome = Result<JsValue, JsValue>;

/// Waits for all: of one that nobody waits for the browser would tell as of an error that nobody handled.
async fn settled(asked: Vec<(String, Outcome)>) -> Vec<(String, Outcome)> {
    let promises: Array = asked.iter().filter_map(|(_, promise)| promise.as_ref().ok()).collect();
    // It is never refused.
    let _ = JsFuture::from(Promise::all_settled(&promises)).await;
    let mut outcomes = Vec::with_capacity(asked.len());
    for (kernel, promise) in asked {
        let outcome = match promise {
            Ok(promise) => JsFuture::from(Promise::resolve(&promise)).await,
            Err(error) => Err(error),
        };
        outcomes.push((kernel, outcome));
    }
    outcomes
}

fn refused(kernel: String, error: &JsValue) -> GpuError {
    let message = member(error, "message").and_then(|message| message.as_string());
    GpuError::Compilation { kernel, message: message.unwrap_or_else(|| "it gave no reason".into()) }
}
