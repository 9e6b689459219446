//! What happens when something is chosen.

use leptos::prelude::*;
use protocol::{Problem, ProblemKind};

use super::{
    super::{
        commands::Name,
        composer, conversations, keeping, search,
        settings::{self, presets},
        sidebar,
        state::ChatState,
    },
    Scope, close,
    items::Deed,
};
use crate::client::dom;

/// Does what was chosen.
pub(super) fn choose(state: ChatState, deed: Deed) {
    // What lists something else keeps the palette open.
    if !opens_a_list(&deed) {
        close();
    }
    // Below the drawer the page is out of reach.
    state.drawer_open.set(false);
    match deed {
        Deed::Open(id) => conversations::open(state, Some(id)),
        Deed::OpenAt(target) => search::open_at(state, target),
        Deed::Run(command) => (command.run)(state),
        Deed::Model(id, name) => {
            settings::choose_model(state, id);
            state.announce(format!("{name} will answer."));
            composer::focus();
        }
        Deed::Preset(name) => apply(state, &name),
        Deed::Folder(name) => sidebar::show_folder(state, &name),
        Deed::File(folder) => {
            if let Some(id) = state.current.get_untracked() {
                keeping::move_to(state, vec![id], &folder);
            }
        }
    }
}

/// Whether it is a command that lets the palette list something.
fn opens_a_list(deed: &Deed) -> bool {
    let Deed::Run(command) = deed else {
        return false;
    };
    matches!(
        command.name,
        Name::Palette | Name::Search | Name::SwitchModel | Name::ApplyPreset | Name::MoveToFolder
    )
}

fn apply(state: ChatState, name: &str) {
    let preset = state
        .presets
        .with_untracked(|all| all.iter().find(|preset| preset.name == name).cloned());
    let Some(preset) = preset else { return };
    if let Some(model) = presets::apply(state, &preset.settings) {
        let problem = Problem::new(
            ProblemKind::NotFound,
            format!("This server does not offer {model}, the model of the preset “{name}”."),
        );
        state.settings_problem.set(Some(
            problem.advice("All else of it is in use; the model stays as it was."),
        ));
    }
    state.announce(format!("The preset “{name}” is in use."));
    composer::focus();
}

/// Goes back from a list within the palette to all there is.
pub(super) fn back(state: ChatState) {
    super::show(state, Scope::Everything);
    dom::focus(super::INPUT);
}
