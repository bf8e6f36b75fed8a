using CsCheck;
using ExpEther.Bridge.Io.Ownership;
using ExpEther.Bridge.Io.Physical;
using ExpEther.Link.Ethernet;
using ExpEther.RootComplex.Functions.Sharing;

namespace ExpEther.Bridge.Tests.Io.Physical;

/// <summary>Who is to see which namespace follows from who owns what, and from nothing else.</summary>
public sealed class VisibilityPlanTests
{
    private static readonly HostIdentity A = Host(1);
    private static readonly HostIdentity B = Host(2);

    private static Gen<(ManagedNamespace[] Namespaces, OwnerSnapshot Owners)> Worlds { get; } =
        from functions in Gen.Int[0, 3].Array[6]
        from kinds in Gen.Select(Gen.Int[0, 4], Gen.Int[0, 3], Gen.Int[1, 6].Array[0, 3]).Array[0, 8]
        select (
            kinds.Select((k, i) => Namespace((uint)i + 1, k.Item1 == 0, [.. k.Item3.Distinct().Order()])).ToArray(),
            new OwnerSnapshot(
                functions.Select((owner, i) => (Vf: i + 1, Owner: owner)).Where(f => f.Owner > 0).ToDictionary(f => f.Vf, f => Host(f.Owner)),
                [.. kinds.Select((k, i) => (Id: (uint)i + 1, Owner: k.Item2)).Where(n => n.Owner > 0).Select(n => Record(n.Id, Host(n.Owner)))]));

    [Fact]
    public void A_private_namespace_is_seen_by_one_function_of_its_owner_and_by_no_other()
        => Worlds.Sample(world =>
        {
            var plan = new VisibilityPlan(world.Namespaces, world.Owners);
            foreach (var found in world.Namespaces.Where(n => !n.IsShared))
            {
                var wanted = plan.WantedOf(found);
                var owner = world.Owners.OwnerOf(found);
                var hasFunction = owner is { } o && world.Owners.Functions.Values.Contains(o);
                Assert.Equal(hasFunction ? 1 : 0, wanted.Count);
                Assert.All(wanted, vf => Assert.Equal(owner, world.Owners.Functions[vf]));
            }
        });

    [Fact]
    public void What_is_done_makes_it_so_and_then_nothing_is_left_to_do()
        => Worlds.Sample(world =>
        {
            var before = new VisibilityPlan(world.Namespaces, world.Owners);
            var after = Do(world.Namespaces, before.Changes());
            Assert.Empty(new VisibilityPlan(after, world.Owners).Changes());
            Assert.All(after, n => Assert.Equal(before.WantedOf(world.Namespaces[(int)n.Id - 1]), n.VisibleTo));
        });

    [Fact]
    public void A_private_namespace_never_has_two_functions_on_the_way()
        => Worlds.Sample(world =>
        {
            var seen = world.Namespaces.ToDictionary(n => n.Id, n => n.VisibleTo.ToHashSet());
            foreach (var change in new VisibilityPlan(world.Namespaces, world.Owners).Changes())
            {
                Assert.True(change.IsVisible ? seen[change.Namespace].Add(change.VirtualFunction) : seen[change.Namespace].Remove(change.VirtualFunction));
                Assert.True(!change.IsVisible || world.Namespaces[(int)change.Namespace - 1].IsShared || seen[change.Namespace].Count == 1);
            }
        });

    [Fact]
    public void Shared_namespaces_are_seen_by_every_function_that_has_an_owner()
    {
        var plan = Plan([Namespace(1, true, [4])], Owned((1, A), (3, B)));
        Assert.Equal([new VisibilityChange(1, 4, false), new VisibilityChange(1, 1, true), new VisibilityChange(1, 3, true)], plan.Changes());
    }

    [Fact]
    public void With_two_functions_an_owner_sees_its_private_namespaces_by_the_first()
    {
        var plan = Plan([Namespace(1, false, []), Namespace(2, false, [])], Owned((2, A), (3, A)), Record(1, A), Record(2, A));
        Assert.Equal([new VisibilityChange(1, 2, true), new VisibilityChange(2, 2, true)], plan.Changes());
    }

    [Fact]
    public void A_disk_in_use_does_not_jump_to_a_function_that_comes_later()
    {
        var plan = Plan([Namespace(1, false, [3]), Namespace(2, false, [])], Owned((2, A), (3, A)), Record(1, A), Record(2, A));
        Assert.Equal([new VisibilityChange(2, 3, true)], plan.Changes());
        Assert.Equal([1u, 2u], plan.PrivateOf(3).Select(n => n.Id));
        Assert.Empty(plan.PrivateOf(2));
    }

    [Fact]
    public void A_namespace_that_was_given_to_a_function_is_seen_by_that_one_or_not_at_all()
    {
        var given = Record(1, A) with { GivenTo = 3, SeenBy = 2 };
        var (free, held) = (Namespace(2, false, []), Namespace(1, false, [2]));
        Assert.Equal(
            [new VisibilityChange(1, 2, false), new VisibilityChange(1, 3, true), new VisibilityChange(2, 2, true)],
            Plan([held, free], Owned((2, A), (3, A)), given, Record(2, A)).Changes());

        // Its function has no owner, another's, or is its owner's again. What was not given to a function is not drawn to it.
        Assert.Empty(Plan([Namespace(1, false, [])], Owned((2, A)), given).Changes());
        Assert.Empty(Plan([Namespace(1, false, [])], Owned((2, A), (3, B)), given).Changes());
        var back = Plan([Namespace(1, false, []), free], Owned((2, A), (3, A)), given, Record(2, A));
        Assert.Equal([new VisibilityChange(1, 3, true), new VisibilityChange(2, 2, true)], back.Changes());
        Assert.Equal(2, Plan([Namespace(1, false, [3]), free], Owned((2, A), (3, A)), given, Record(2, A)).HolderOf(A));
    }

    [Fact]
    public void A_namespace_that_took_the_identifier_of_another_is_not_its_owner_s()
    {
        var reborn = Namespace(1, false, [1]) with { Uuid = new Guid(99, 0, 0, new byte[8]) };
        Assert.Equal([new VisibilityChange(1, 1, false)], Plan([reborn], Owned((1, A)), Record(1, A)).Changes());
    }

    [Fact]
    public void A_private_namespace_at_another_owner_s_function_leaves_it_before_its_own_owner_gets_it()
    {
        var plan = Plan([Namespace(1, false, [1])], Owned((1, B), (2, A)), Record(1, A));
        Assert.Equal([new VisibilityChange(1, 1, false), new VisibilityChange(1, 2, true)], plan.Changes());
    }

    private static VisibilityPlan Plan(ManagedNamespace[] namespaces, Dictionary<int, HostIdentity> functions, params NamespaceRecord[] records)
        => new(namespaces, new OwnerSnapshot(functions, records));

    private static Dictionary<int, HostIdentity> Owned(params (int Vf, HostIdentity Owner)[] functions) => functions.ToDictionary(f => f.Vf, f => f.Owner);

    private static ManagedNamespace[] Do(ManagedNamespace[] namespaces, IReadOnlyList<VisibilityChange> changes) =>
    [
        .. namespaces.Select(n => n with
        {
            VisibleTo =
            [
                .. n.VisibleTo.Except(changes.Where(c => c.Namespace == n.Id && !c.IsVisible).Select(c => c.VirtualFunction))
                    .Union(changes.Where(c => c.Namespace == n.Id && c.IsVisible).Select(c => c.VirtualFunction)).Order(),
            ],
        }),
    ];

    private static HostIdentity Host(int number) => new(new VlanId((ushort)(10 + number)), new MacAddress(0x02_00_00_00_01_00 + (ulong)number));

    private static ManagedNamespace Namespace(uint id, bool isShared, int[] visibleTo) =>
        new(id, new Guid((int)id, 1, 2, new byte[8]), 1 << 20, 512, isShared, false, visibleTo);

    private static NamespaceRecord Record(uint id, HostIdentity owner) => new("nvme0", id, new Guid((int)id, 1, 2, new byte[8]), owner);
}
