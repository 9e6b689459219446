//! Other tabs of this browser: each tells the others what it has changed, or
//! was told of.

use protocol::{ConversationId, api::Change};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{BroadcastChannel, MessageEvent};

thread_local! {
    static CHANNEL: Option<BroadcastChannel> = BroadcastChannel::new("rivulet").ok();
}

/// Tells the other tabs that a conversation changed or has a running turn.
pub(crate) fn announce(conversation: ConversationId) {
    announce_change(Change {
        conversation: Some(conversation),
        presets: false,
    });
}

/// Tells the other tabs of a change.
pub(crate) fn announce_change(change: Change) {
    let Ok(json) = serde_json::to_string(&change) else {
        return;
    };
    CHANNEL.with(|channel| {
        if let Some(channel) = channel {
            let _ = channel.post_message(&JsValue::from_str(&json));
        }
    });
}

/// Calls `then` with each change that another tab told of.
pub(crate) fn on_change(then: impl Fn(Change) + 'static) {
    let callback = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let json = event.data().as_string();
        if let Some(change) = json.and_then(|json| protocol::json::from_str(&json).ok()) {
            then(change);
        }
    })
    .into_js_value();
    CHANNEL.with(|channel| {
        if let Some(channel) = channel {
            channel.set_onmessage(Some(callback.unchecked_ref()));
        }
    });
}
