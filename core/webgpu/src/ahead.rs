//! Compiles a browser's pipelines before they are needed.
//!
//! `wgpu` creates pipelines with a call that makes a browser's GPU process wait while it compiles,
//! and every page with it. The asynchronous call returns a promise instead. Pipelines are therefore
//! created twice. The first time, a method that replaces the device's own records each request and
//! makes the asynchronous call. The second time, a replacement method returns the promised
//! pipelines.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;

use crate::device::GpuError;

/// The method that `wgpu` calls.
const METHOD: &str = "createComputePipeline";

/// The method that is called in its place.
const PROMISING: &str = "createComputePipelineAsync";

/// Compiles the pipelines that `create` creates, so that a second call of `create` gets them
/// without waiting. [`forget`] undoes the changes to the device.
///
/// # Errors
/// Returns [`GpuError::Compilation`] for the first pipeline that is refused, and the errors of
/// `create`.
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
            // Nobody uses this object.
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
    // JavaScript keeps the closure as long as it keeps the method.
    replace(&device, &hand_out.into_js_value());
    Ok(())
}

/// Restores the device's own method to create pipelines.
pub(crate) fn forget(device: &wgpu::Device) {
    if let Some(device) = device.as_webgpu() {
        restore(device.as_ref());
    }
}

/// A member of an object, if the object has it.
pub(crate) fn member(object: impl AsRef<JsValue>, name: &str) -> Option<JsValue> {
    let found = Reflect::get(object.as_ref(), &name.into()).ok()?;
    (!found.is_undefined() && !found.is_null()).then_some(found)
}

fn replace(device: &JsValue, method: &JsValue) {
    // If the object cannot be changed, the method stays, and `wgpu` waits for pipelines.
    let _ = Reflect::set(device, &METHOD.into(), method);
}

fn restore(device: &JsValue) {
    if let Some(device) = device.dyn_ref::<Object>() {
        let _ = Reflect::delete_property(device, &METHOD.into());
    }
}

type Outcome = Result<JsValue, JsValue>;

/// Waits for all promises. If nobody waited for one of them, the browser would report its error as
/// unhandled.
async fn settled(asked: Vec<(String, Outcome)>) -> Vec<(String, Outcome)> {
    let promises: Array = asked.iter().filter_map(|(_, promise)| promise.as_ref().ok()).collect();
    // This promise is never rejected.
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
