//! The chat screen.

mod bubble_actions;
mod composer;
mod conversations;
mod drawing;
mod empty_page;
mod enrich;
mod estimate;
mod follow;
mod live;
mod live_markdown;
mod message_bubble;
mod model_picker;
mod page;
mod problem_notice;
mod progress_line;
mod scroll;
mod shortcuts;
mod sidebar;
mod state;
mod statistics_line;
mod statistics_words;
mod steering;
mod stop_button;
mod transcript_view;
mod turn;

pub use message_bubble::ServerEnricher;
pub use page::ChatPage;
