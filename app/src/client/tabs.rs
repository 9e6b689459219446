//! Other tabs of this browser: each tells the others which conversation it
//! has changed.

use protocol::ConversationId;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{BroadcastChannel, MessageEvent};

thread_local! {
    static CHANNEL: Option<BroadcastChannel> = BroadcastChannel::new("rivulet").ok();
}

/// Tells the other tabs that a conversation changed or has a running turn.
pub(crate) fn announce(conversation: ConversationId) {
    CHANNEL.with(|channel| {
        if let Some(channel) = channel {
            let _ = channel.post_message(&JsValue::from_str(&conversation.to_string()));
        }
    });
}

/// Calls `then` with each conversation that another tab changed.
pub(crate) fn on_change(then: impl Fn(ConversationId) + 'static) {
    let callback = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        if let Some(id) = event.data().as_string().and_then(|text| text.parse().ok()) {
            then(id);
        }
    })
    .into_js_value();
    CHANNEL.with(|channel| {
        if let Some(channel) = channel {
            channel.set_onmessage(Some(callback.unchecked_ref()));
        }
    });
}
