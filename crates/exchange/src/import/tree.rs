//! Trees as files tell them, which need not be trees.

/// Nodes in an order with parents before children.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tree {
    /// All nodes; as in the file, except that parents come first.
    pub(super) order: Vec<usize>,
    /// The parent of each node, by the node's number.
    pub(super) parents: Vec<Option<usize>>,
    /// How many circles were cut open.
    pub(super) circles: usize,
}

/// Puts parents first, and cuts circles open above the node that the file has
/// first. Visits each node a fixed number of times.
pub(super) fn arrange(mut parents: Vec<Option<usize>>) -> Tree {
    let circles = cut_circles(&mut parents);
    let mut placed = vec![false; parents.len()];
    let mut order = Vec::with_capacity(parents.len());
    for start in 0..parents.len() {
        let begin = order.len();
        let mut next = Some(start);
        while let Some(node) = next.filter(|node| !placed[*node]) {
            placed[node] = true;
            order.push(node);
            next = parents[node];
        }
        order[begin..].reverse();
    }
    Tree {
        order,
        parents,
        circles,
    }
}

fn cut_circles(parents: &mut [Option<usize>]) -> usize {
    // From which node each was first reached.
    let mut reached: Vec<Option<usize>> = vec![None; parents.len()];
    let mut circles = 0;
    for start in 0..parents.len() {
        let mut next = Some(start);
        while let Some(node) = next {
            match reached[node] {
                None => {
                    reached[node] = Some(start);
                    next = parents[node];
                }
                Some(from) if from == start => {
                    let first = first_of_circle(parents, node);
                    parents[first] = None;
                    circles += 1;
                    break;
                }
                Some(_) => break,
            }
        }
    }
    circles
}

/// The node of the circle that the file has first.
fn first_of_circle(parents: &[Option<usize>], from: usize) -> usize {
    let mut first = from;
    let mut next = parents[from];
    while let Some(node) = next.filter(|node| *node != from) {
        first = first.min(node);
        next = parents[node];
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_in_order_stays_and_what_is_not_is_put_in_order() {
        let tree = arrange(vec![None, Some(0), Some(0), Some(2), None]);
        assert_eq!((tree.order, tree.circles), (vec![0, 1, 2, 3, 4], 0));
        let tree = arrange(vec![Some(2), Some(0), None]);
        assert_eq!(tree.order, [2, 0, 1]);
    }

    #[test]
    fn circles_are_cut_at_the_first() {
        let tree = arrange(vec![Some(2), Some(1), Some(3), Some(4), Some(2)]);
        assert_eq!(tree.parents, [Some(2), None, None, Some(4), Some(2)]);
        assert_eq!((tree.order, tree.circles), (vec![2, 0, 1, 4, 3], 2));
    }

    proptest! {
        #[test]
        fn any_links_become_a_tree(links in prop::collection::vec(prop::option::of(0usize..40), 0..40)) {
            let count = links.len();
            let parents: Vec<_> = links.iter().map(|it| it.filter(|it| *it < count)).collect();
            let tree = arrange(parents.clone());
            let mut place = vec![None; count];
            for (at, node) in tree.order.iter().enumerate() {
                prop_assert_eq!(place[*node].replace(at), None);
            }
            let mut cut = 0;
            for node in 0..count {
                cut += usize::from(tree.parents[node] != parents[node]);
                if let Some(parent) = tree.parents[node] {
                    prop_assert!(place[parent] < place[node]);
                }
            }
            prop_assert_eq!(cut, tree.circles);
        }
    }
}
