//! A button that opens a menu: reached and left by keyboard as by pointer, and
//! kept inside the window. It lies above all else as a popover, so that nothing
//! around it can cut it off.
//!
//! ```ignore
//! <MenuButton label="More" items=move || vec![
//!     MenuItem::new("Rename", move || rename(state, id)).icon(Symbol::Edit),
//!     MenuItem::new("Delete", move || delete(state, id)).hint("Del").dangerous(),
//!     MenuItem::new("Share", || {}).disabled((!can_share).then(|| "It is temporary.".into())),
//!     MenuItem::opening("Move to", move || folders(state)),
//! ]>
//!     <Icon symbol=Symbol::More />
//! </MenuButton>
//! ```
//!
//! The items are asked for whenever the menu opens. What an action does to the
//! focus counts; without that the button has it again.

mod item;
mod moving;

use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

use super::{Icon, Symbol};
use crate::client::dom;
use item::{Action, Items};
use moving::{Step, place, step};

pub(crate) use item::MenuItem;

/// Letters typed one after the other within this time are one beginning of a
/// label, in milliseconds.
const TYPING_MS: f64 = 700.0;

/// A button that opens a menu.
#[component]
pub(crate) fn MenuButton(
    /// What the button, and the menu, is called.
    #[prop(into)]
    label: Signal<String>,
    /// What the menu offers, whenever it opens.
    #[prop(into)]
    items: Callback<(), Vec<MenuItem>>,
    /// Further classes of the button.
    #[prop(optional, into)]
    class: String,
    /// What the button shows; its name for a screen reader is the label.
    children: Children,
) -> impl IntoView {
    let button = NodeRef::<html::Button>::new();
    let open = RwSignal::new(None::<Focus>);
    // A press outside a popover closes it, and then comes the click.
    let was_open = StoredValue::new(false);
    let on_key = move |event: KeyboardEvent| {
        let focus = match event.key().as_str() {
            "ArrowDown" => Focus::First,
            "ArrowUp" => Focus::Last,
            _ => return,
        };
        event.prevent_default();
        open.set(Some(focus));
    };
    view! {
        <button
            type="button"
            class=format!("button {class}")
            node_ref=button
            aria-label=move || label.get()
            title=move || label.get()
            aria-haspopup="menu"
            aria-expanded=move || open.with(Option::is_some).to_string()
            on:pointerdown=move |_| was_open.set_value(open.with_untracked(Option::is_some))
            on:click=move |event| {
                // A click by keyboard has no press before it.
                let closes = was_open.get_value() && event.detail() > 0;
                was_open.set_value(false);
                open.set((!closes).then_some(Focus::First));
            }
            on:keydown=on_key
        >
            {children()}
        </button>
        {move || {
            let focus = open.get()?;
            let close = move || open.set(None);
            Some(menu(label.get_untracked(), items, focus, button, close).into_any())
        }}
    }
}

/// What has the focus in a menu that opens.
#[derive(Clone, Copy, PartialEq)]
enum Focus {
    First,
    Last,
}

fn menu(
    label: String,
    items: Callback<(), Vec<MenuItem>>,
    focus: Focus,
    button: NodeRef<html::Button>,
    close: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let list = NodeRef::<html::Div>::new();
    let inside = RwSignal::new(None::<(String, Items)>);
    let typed = StoredValue::new((String::new(), 0.0));
    Effect::new(move |opened: Option<()>| {
        inside.track();
        typed.set_value((String::new(), 0.0));
        let (Some(list), Some(button)) = (list.get(), button.get_untracked()) else {
            return;
        };
        if opened.is_none() || !list.matches(":popover-open").unwrap_or(true) {
            let _ = list.show_popover();
        }
        place(&list, &button);
        step(
            &list,
            if focus == Focus::Last {
                Step::Last
            } else {
                Step::First
            },
        );
        // Of several of which one is chosen, that one comes first.
        step(&list, Step::Chosen);
    });
    // Where the focus was within, it goes back to the button.
    let leave = move || {
        if let Some(list) = list.get_untracked() {
            let _ = list.hide_popover();
        }
        if let Some(button) = button.get_untracked()
            && dom::focused().is_none()
        {
            let _ = button.focus();
        }
        close();
    };
    let choose = move |item: &MenuItem| match &item.action {
        Action::Run(action) => {
            let action = action.clone();
            leave();
            action();
        }
        Action::Open(items) => inside.set(Some((item.label.clone(), items.clone()))),
        Action::Refuse => {}
    };
    let is_typing = move || dom::monotonic_ms() - typed.with_value(|typed| typed.1) < TYPING_MS;
    let on_key = move |event: KeyboardEvent| {
        let Some(list) = list.get_untracked() else {
            return;
        };
        match event.key().as_str() {
            "ArrowDown" => step(&list, Step::By(1)),
            "ArrowUp" => step(&list, Step::By(-1)),
            "Home" => step(&list, Step::First),
            "End" => step(&list, Step::Last),
            "ArrowLeft" if inside.with_untracked(Option::is_some) => inside.set(None),
            "ArrowRight" => {
                if let Some(item) = dom::closest(&event, "[aria-haspopup]")
                    && let Ok(item) = item.dyn_into::<HtmlElement>()
                {
                    item.click();
                }
            }
            "Escape" if inside.with_untracked(Option::is_some) => inside.set(None),
            "Escape" => leave(),
            // The browser moves on from the button.
            "Tab" => return leave(),
            key if key.chars().count() == 1
                && (key != " " || is_typing())
                && !event.ctrl_key()
                && !event.meta_key()
                && !event.alt_key() =>
            {
                let before = if is_typing() {
                    typed.get_value().0
                } else {
                    String::new()
                };
                let text = before + &dom::lower_case(key);
                step(&list, Step::To(&text));
                typed.set_value((text, dom::monotonic_ms()));
            }
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let content = move || {
        let within = inside.get();
        let back = within.as_ref().map(|(label, _)| {
            let label = label.clone();
            view! {
                <button
                    type="button"
                    class="menu-item menu-back"
                    role="menuitem"
                    tabindex="-1"
                    on:click=move |_| inside.set(None)
                >
                    <Icon symbol=Symbol::Back />
                    <span class="menu-label">{label}</span>
                </button>
            }
        });
        let items = match within {
            Some((_, items)) => items(),
            None => items.run(()),
        };
        let groups = items
            .chunk_by(|one, other| one.group == other.group)
            .map(|group| drawn_group(group, choose))
            .collect_view();
        (back, groups)
    };
    view! {
        <div
            class="menu"
            role="menu"
            popover="auto"
            aria-label=label
            node_ref=list
            on:keydown=on_key
            // Some browsers press a button as the space bar comes up.
            on:keyup=move |event| {
                if event.key() == " " && is_typing() {
                    event.prevent_default();
                }
            }
            on:toggle=move |_| {
                let is_open = list
                    .get_untracked()
                    .is_some_and(|list| list.matches(":popover-open").unwrap_or(false));
                if !is_open {
                    close();
                }
            }
        >
            {content}
        </div>
    }
}

fn drawn_group(
    items: &[MenuItem],
    choose: impl Fn(&MenuItem) + Copy + Send + Sync + 'static,
) -> AnyView {
    let name = items.first().and_then(|item| item.group.clone());
    let heading = name.clone().map(|name| {
        view! { <div class="menu-heading" aria-hidden="true">{name}</div> }
    });
    let drawn = items
        .iter()
        .cloned()
        .map(|item| drawn_item(item, choose))
        .collect_view();
    view! {
        <div class="menu-group" role="group" aria-label=name>
            {heading}
            {drawn}
        </div>
    }
    .into_any()
}

fn drawn_item(
    item: MenuItem,
    choose: impl Fn(&MenuItem) + Copy + Send + Sync + 'static,
) -> AnyView {
    let opens = matches!(item.action, Action::Open(_));
    let role = if item.chosen.is_some() {
        "menuitemradio"
    } else {
        "menuitem"
    };
    let mark = match item.chosen {
        Some(chosen) => Some(view! { <span class="menu-check" class:menu-unchosen=!chosen><Icon symbol=Symbol::Check /></span> }.into_any()),
        None => item.icon.map(|symbol| view! { <Icon symbol=symbol /> }.into_any()),
    };
    let clicked = item.clone();
    // A space parts alternatives there, and not one key from the next.
    let shortcut = item.hint.clone().filter(|hint| !hint.contains(' '));
    view! {
        <button
            type="button"
            class="menu-item"
            class:dangerous=item.dangerous
            role=role
            tabindex="-1"
            aria-checked=item.chosen.map(|chosen| chosen.to_string())
            aria-disabled=matches!(item.action, Action::Refuse).then_some("true")
            aria-haspopup=opens.then_some("menu")
            aria-keyshortcuts=shortcut
            on:click=move |_| choose(&clicked)
            // One item at a time is marked, by whatever means.
            on:pointermove=|event| {
                if let Some(item) = dom::closest(&event, ".menu-item")
                    && dom::focused().as_ref() != Some(&item)
                    && let Ok(item) = item.dyn_into::<HtmlElement>()
                {
                    let _ = item.focus();
                }
            }
        >
            {mark}
            <span class="menu-label">
                {item.label}
                {item.note.map(|note| view! { <span class="menu-note">{note}</span> })}
            </span>
            {item.hint.map(|hint| view! { <kbd aria-hidden="true">{hint}</kbd> })}
            {opens.then(|| view! { <Icon symbol=Symbol::Forward /> })}
        </button>
    }
    .into_any()
}
