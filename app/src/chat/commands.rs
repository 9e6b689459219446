//! All commands: what the palette, the list of shortcuts and the keys know of.

mod doing;

use super::{
    message_steps, palette, progress_line, quote, settings,
    shortcuts::{self, keys::Keys},
    sidebar,
    state::ChatState,
    transfer,
};
use crate::ui::{Symbol, dialog};

use doing as it;

/// Something that the page can be told to do.
pub(crate) struct Command {
    /// Which one it is.
    pub(crate) name: Name,
    /// What it is called.
    pub(crate) label: &'static str,
    /// Other words that somebody may look for it by.
    pub(crate) also: &'static str,
    /// What it has to do with.
    pub(crate) group: Group,
    /// Its icon.
    pub(crate) symbol: Symbol,
    /// Its shortcut.
    pub(crate) keys: Keys,
    /// Whether it can be done now.
    pub(crate) available: fn(ChatState) -> bool,
    /// Does it.
    pub(crate) run: fn(ChatState),
}

/// What commands have to do with, in the order of the list of shortcuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// Going somewhere.
    Everywhere,
    /// The answers.
    Answers,
    /// The conversation shown.
    Conversation,
    /// How the page looks.
    Page,
}

impl Group {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [
        Self::Everywhere,
        Self::Answers,
        Self::Conversation,
        Self::Page,
    ];

    /// The heading above them.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Answers => "Messages",
            Self::Conversation => "This conversation",
            Self::Page => "The page",
        }
    }
}

/// The commands by name, in the order of [`COMMANDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Palette,
    Search,
    NewConversation,
    TemporaryConversation,
    FocusComposer,
    NextConversation,
    PreviousConversation,
    SwitchModel,
    Settings,
    ApplyPreset,
    AttachFiles,
    Stop,
    ShowAll,
    Regenerate,
    Continue,
    EditQuestion,
    CopyAnswer,
    Quote,
    NextMessage,
    PreviousMessage,
    JumpToLatest,
    NextVersion,
    PreviousVersion,
    Rename,
    Pin,
    Archive,
    MoveToFolder,
    ExportMarkdown,
    ExportJson,
    Clear,
    Delete,
    ToggleSidebar,
    SelectConversations,
    ShowArchive,
    ImportAndExport,
    ThemeLight,
    ThemeDark,
    ThemeSystem,
    Help,
}

impl Name {
    /// The command.
    pub(crate) fn command(self) -> &'static Command {
        &COMMANDS[self as usize]
    }

    /// Its shortcut in one line, as this computer's keyboard has it.
    pub(crate) fn keys(self) -> String {
        self.command().keys.line()
    }
}

fn always(_: ChatState) -> bool {
    true
}

/// The commands, in the order of [`Name`].
pub(crate) static COMMANDS: [Command; Name::Help as usize + 1] = {
    use Group::{Answers, Conversation, Everywhere, Page};
    use Keys::{Alone, Anywhere, Control, Layer, Primary, Second};

    #[expect(
        clippy::too_many_arguments,
        reason = "they are the columns of the table"
    )]
    const fn command(
        name: Name,
        label: &'static str,
        also: &'static str,
        group: Group,
        symbol: Symbol,
        keys: Keys,
        available: fn(ChatState) -> bool,
        run: fn(ChatState),
    ) -> Command {
        Command {
            name,
            label,
            also,
            group,
            symbol,
            keys,
            available,
            run,
        }
    }

    // A table is read more easily than forty columns of arguments.
    #[rustfmt::skip]
    let all = [
        command(Name::Palette, "Search and commands", "palette go to", Everywhere, Symbol::Command, Primary("K"), always, |state| palette::show(state, palette::Scope::Everything)),
        command(Name::Search, "Search conversations", "find messages", Everywhere, Symbol::Search, Layer("S"), always, |state| palette::show(state, palette::Scope::Search)),
        command(Name::NewConversation, "New conversation", "chat begin start", Everywhere, Symbol::New, Layer("O"), always, it::begin),
        command(Name::TemporaryConversation, "New temporary conversation", "private incognito chat", Everywhere, Symbol::Temporary, Layer("H"), always, it::begin_temporary),
        command(Name::FocusComposer, "Go to the message box", "write focus composer input", Everywhere, Symbol::Edit, Alone("/"), always, |_| it::focus_composer()),
        command(Name::NextConversation, "Next conversation", "below older", Everywhere, Symbol::Down, Second("ArrowDown"), |state| sidebar::neighbour(state, 1).is_some(), |state| it::go(state, 1)),
        command(Name::PreviousConversation, "Previous conversation", "above newer", Everywhere, Symbol::Up, Second("ArrowUp"), |state| sidebar::neighbour(state, -1).is_some(), |state| it::go(state, -1)),
        command(Name::SwitchModel, "Switch the model…", "choose change", Everywhere, Symbol::Model, Second("M"), always, |state| palette::show(state, palette::Scope::Models)),
        command(Name::Settings, "Settings of this conversation", "system prompt temperature options preferences", Everywhere, Symbol::Settings, Control(","), it::is_settled, |_| settings::show()),
        command(Name::ApplyPreset, "Apply a preset…", "use settings", Everywhere, Symbol::Settings, Second("B"), it::is_settled, |state| palette::show(state, palette::Scope::Presets)),
        command(Name::AttachFiles, "Attach files", "upload image picture", Everywhere, Symbol::Attach, Second("U"), always, |_| it::attach()),
        command(Name::Stop, "Stop the answer", "cancel halt", Answers, Symbol::Stop, Anywhere("Escape"), it::is_writing, it::stop),
        command(Name::ShowAll, "Show all of the answer, without the typing effect", "skip hurry", Answers, Symbol::Forward, Layer("Enter"), it::is_writing, |state| { progress_line::show_all_shown(state); }),
        command(Name::Regenerate, "Regenerate the last answer", "retry again another version", Answers, Symbol::Retry, Layer("R"), it::can_regenerate, it::regenerate),
        command(Name::Continue, "Continue the last answer", "go on extend", Answers, Symbol::Continue, Layer("G"), it::can_continue, it::go_on),
        command(Name::EditQuestion, "Edit the last question", "change branch", Answers, Symbol::Edit, Layer("U"), |state| it::last_question(state).is_some(), it::edit_question),
        command(Name::CopyAnswer, "Copy the last answer", "yank clipboard markdown", Answers, Symbol::Copy, Layer("Y"), |state| it::last_answer(state).is_some(), it::copy_answer),
        command(Name::Quote, "Quote the selected text", "reply cite", Answers, Symbol::Quote, Layer("Q"), quote::can_quote, |state| { quote::quote(state); }),
        command(Name::NextMessage, "Next message", "down", Answers, Symbol::Down, Layer("J"), it::has_messages, |state| message_steps::step(state, true)),
        command(Name::PreviousMessage, "Previous message", "up", Answers, Symbol::Up, Layer("K"), it::has_messages, |state| message_steps::step(state, false)),
        command(Name::JumpToLatest, "Jump to the latest message", "bottom end down", Answers, Symbol::Down, Layer("D"), it::has_messages, message_steps::jump_to_latest),
        command(Name::NextVersion, "Later version", "next answer question branch", Answers, Symbol::Forward, Second("ArrowRight"), |_| message_steps::has_versions(), |_| message_steps::step_version(true)),
        command(Name::PreviousVersion, "Earlier version", "previous answer question branch", Answers, Symbol::Back, Second("ArrowLeft"), |_| message_steps::has_versions(), |_| message_steps::step_version(false)),
        command(Name::Rename, "Rename this conversation", "title name", Conversation, Symbol::Edit, Second("R"), it::has_row, it::rename),
        command(Name::Pin, "Pin or unpin this conversation", "top favourite", Conversation, Symbol::Pin, Second("P"), it::can_pin, it::pin),
        command(Name::Archive, "Archive this conversation or take it out", "unarchive away", Conversation, Symbol::Archive, Second("A"), it::is_kept, it::archive),
        command(Name::MoveToFolder, "Move this conversation to a folder…", "file", Conversation, Symbol::Folder, Second("F"), it::is_kept, |state| palette::show(state, palette::Scope::Folders)),
        command(Name::ExportMarkdown, "Export this conversation as Markdown", "download save", Conversation, Symbol::Export, Second("E"), it::has_row, |state| it::export(state, "markdown")),
        command(Name::ExportJson, "Export this conversation as JSON", "download save backup", Conversation, Symbol::Export, Second("J"), it::has_row, |state| it::export(state, "json")),
        command(Name::Clear, "Clear this conversation", "empty remove messages", Conversation, Symbol::Clear, Second("C"), it::can_clear, it::clear),
        command(Name::Delete, "Delete this conversation", "remove", Conversation, Symbol::Delete, Second("D"), it::has_row, it::delete),
        command(Name::ToggleSidebar, "Fold or open the sidebar", "toggle hide show list", Page, Symbol::Menu, Layer("L"), always, sidebar::toggle),
        command(Name::SelectConversations, "Select conversations", "many bulk", Page, Symbol::Check, Second("S"), it::has_conversations, it::select),
        command(Name::ShowArchive, "Show the archive or leave it", "archived", Page, Symbol::Archive, Second("V"), always, it::toggle_archive),
        command(Name::ImportAndExport, "Import and export…", "backup download all", Page, Symbol::Export, Second("I"), always, |_| dialog::show(transfer::DIALOG)),
        command(Name::ThemeLight, "Theme: light", "appearance bright day", Page, Symbol::Appearance, Second("1"), always, |state| it::theme(state, Some("light"))),
        command(Name::ThemeDark, "Theme: dark", "appearance night", Page, Symbol::Appearance, Second("2"), always, |state| it::theme(state, Some("dark"))),
        command(Name::ThemeSystem, "Theme: as the system", "appearance automatic", Page, Symbol::Appearance, Second("3"), always, |state| it::theme(state, None)),
        command(Name::Help, "Shortcuts", "keys keyboard help", Page, Symbol::Command, Alone("?"), always, |_| shortcuts::show()),
    ];
    all
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_in_the_order_of_their_names() {
        for (at, command) in COMMANDS.iter().enumerate() {
            assert_eq!(command.name as usize, at, "{}", command.label);
        }
    }

    #[test]
    fn no_two_commands_have_the_same_keys() {
        for (at, command) in COMMANDS.iter().enumerate() {
            assert_ne!(command.keys, shortcuts::keys::LEADER, "{}", command.label);
            let other = COMMANDS[..at].iter().find(|it| it.keys == command.keys);
            assert!(
                other.is_none(),
                "{} and {}",
                command.label,
                other.map_or("", |it| it.label)
            );
        }
    }

    #[test]
    fn no_command_takes_a_key_that_others_need() {
        for command in &COMMANDS {
            let is_free = match command.keys {
                // What browsers and Mac's text fields use with these.
                Keys::Layer(key) => !"ABCEFINPTVWXZ".contains(key),
                Keys::Primary(key) => key == "K",
                Keys::Control(key) => key == ",",
                Keys::Alone(key) => matches!(key, "/" | "?"),
                Keys::Anywhere(key) => key == "Escape",
                Keys::Second(_) => true,
            };
            assert!(is_free, "{}", command.label);
        }
    }
}
