using ExpEther.Bridge.Io;
using ExpEther.Bridge.Tests.Io.Rig;
using ExpEther.Link;

namespace ExpEther.Bridge.Tests.Io;

/// <summary>Functions follow a guest that migrates, as far as their owners say so and no further.</summary>
public sealed class FollowTests
{
    private static readonly Guid Guest = Guid.Parse("8a5b8a0e-2f0f-4d0c-9a41-0e3f5f6f7a01");
    private static readonly Guid Other = Guid.Parse("8a5b8a0e-2f0f-4d0c-9a41-0e3f5f6f7a02");

    [Fact]
    public void A_marked_function_goes_to_the_host_at_which_its_guest_runs_and_others_stay()
    {
        var rig = new IoRig(2, [new TestDevice(), new TestDevice()]).StartAndPlug();
        rig.Plug("nvme1", rig.Host);
        Mark(rig, "nvme0");
        Assert.Equal((Guest, null), (rig.StatusOf("nvme0").FollowsGuest, rig.StatusOf("nvme1").FollowsGuest));

        rig.Hosts[1].SayGuestHere(Guest);
        Arrives(rig, "nvme0");

        Assert.Equal((1, "host1"), (rig.Host.Presses, rig.StatusOf("nvme1").Owner));
        Assert.Equal("nvme0", rig.Hosts[1].LastPresent.Name);
        Assert.Null(rig.StatusOf("nvme0").FollowsGuest);
        Assert.Equal("host2", OwnerInRecord(rig, "nvme0"));
        Assert.Contains(rig.Events.Lines, line => line.Contains($"followed guest {Guest} from host host1 to host host2", StringComparison.Ordinal));
    }

    [Fact]
    public void Several_functions_follow_one_guest_into_the_slots_that_they_had()
    {
        var rig = new IoRig(2, [new TestDevice(), new TestDevice()]).StartAndPlug();
        rig.Plug("nvme1", rig.Host);
        Mark(rig, "nvme0");
        Mark(rig, "nvme1");
        rig.Hosts[1].SayGuestHere(Guest);
        Arrives(rig, "nvme0");
        Arrives(rig, "nvme1");
        Assert.Equal((1, false), (rig.Hosts[1].LastPresent.Slot, rig.Hosts[1].LastPresent.IsSlotDemanded));
    }

    [Fact]
    public void News_of_a_guest_is_not_remembered()
    {
        var rig = new IoRig(2).StartAndPlug();
        rig.Hosts[1].SayGuestHere(Guest);
        rig.Settle();
        Mark(rig, "nvme0");
        Stays(rig);
    }

    [Fact]
    public void Without_a_mark_for_this_very_guest_nothing_moves()
    {
        var rig = new IoRig(2).StartAndPlug();
        rig.Hosts[1].SayGuestHere(Guest);
        Stays(rig);

        Mark(rig, "nvme0");
        rig.Hosts[1].SayGuestHere(Other);
        Stays(rig);
        Assert.Equal(Guest, rig.Status.FollowsGuest);
    }

    [Fact]
    public void A_host_marks_only_what_is_its_own_and_now()
    {
        var rig = new IoRig(2).StartAndPlug();
        var (number, generation) = (rig.Host.LastPresent.Function, rig.Host.LastPresent.Generation);
        var ignored = rig.Bridge.Status().Counters.StaleAnswers;
        rig.Hosts[1].SayFollows(number, generation, Guest);
        rig.Host.SayFollows(number, generation - 1, Guest);
        rig.Host.SayFollows((ushort)(number + 1), generation, Guest);
        rig.Host.SayFollows(ushort.MaxValue, generation, Guest);
        rig.Settle();
        Assert.Equal(ignored + 4, rig.Bridge.Status().Counters.StaleAnswers);
        rig.Hosts[1].SayGuestHere(Guest);
        Stays(rig);
        Assert.Null(rig.Status.FollowsGuest);
    }

    [Fact]
    public void The_owner_itself_moves_nothing_to_itself_and_its_mark_stays()
    {
        var rig = new IoRig(2).StartAndPlug();
        Mark(rig, "nvme0");
        rig.Host.SayGuestHere(Guest);
        Stays(rig);
        Assert.Equal(Guest, rig.Status.FollowsGuest);
    }

    [Fact]
    public void The_owner_takes_its_word_back()
    {
        var rig = new IoRig(2).StartAndPlug();
        Mark(rig, "nvme0");
        rig.Host.SayFollows(Guid.Empty);
        rig.Settle();
        rig.Hosts[1].SayGuestHere(Guest);
        Stays(rig);
    }

    [Fact]
    public void A_mark_lasts_as_long_as_it_is_said_again()
    {
        var rig = new IoRig(2).StartAndPlug();
        Mark(rig, "nvme0");
        rig.RunFor(IoBridgeLimits.FollowMarkLife * 0.75);
        rig.Host.SayFollows(Guest);
        rig.RunFor(IoBridgeLimits.FollowMarkLife * 0.75);
        Assert.Equal(Guest, rig.Status.FollowsGuest);

        rig.RunFor(IoBridgeLimits.FollowMarkLife * 0.3);
        Assert.Null(rig.Status.FollowsGuest);
        rig.Hosts[1].SayGuestHere(Guest);
        Stays(rig);
    }

    [Fact]
    public void A_command_ends_the_mark()
    {
        var rig = new IoRig(3).StartAndPlug();
        Mark(rig, "nvme0");
        Assert.True(rig.Await(rig.Bridge.MoveAsync("nvme0", "host3")).Ok);
        rig.Hosts[1].SayGuestHere(Guest);
        Stays(rig, "host3");

        rig.Hosts[2].SayFollows(Guest);
        rig.Settle();
        Assert.Equal(Guest, rig.Status.FollowsGuest);
        Assert.True(rig.Await(rig.Bridge.DetachAsync("nvme0")).Ok);
        rig.Hosts[1].SayGuestHere(Guest);
        Stays(rig, null);
    }

    [Fact]
    public void A_source_whose_link_is_down_is_followed_from_and_one_that_is_back_is_not()
    {
        var rig = new IoRig(2).StartAndPlug();
        Mark(rig, "nvme0");
        rig.Host.Link.Close(LinkDownReason.Closed, rig.Now);
        rig.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(Guest, rig.Status.FollowsGuest);
        rig.Hosts[1].SayGuestHere(Guest);
        Arrives(rig, "nvme0");

        rig.Hosts[1].SayFollows(Guest);
        rig.Settle();
        rig.Hosts[1].Link.Close(LinkDownReason.Closed, rig.Now);
        rig.RunFor(TimeSpan.FromSeconds(1));
        rig.Hosts[1].Link.Open(rig.Now);
        rig.Host.Link.Open(rig.Now);
        rig.Run(() => rig.Hosts[1].Presents == 2 && rig.Host.IsUp, 60);
        rig.Host.SayGuestHere(Guest);
        Stays(rig, "host2");
    }

    [Fact]
    public void A_box_that_starts_again_knows_of_no_mark()
    {
        var rig = new IoRig(2).StartAndPlug();
        Mark(rig, "nvme0");
        rig.RestartBridge();
        rig.Run(() => rig.Host.Presents == 2 && Array.TrueForAll(rig.Hosts, h => h.IsUp), 120);
        rig.Hosts[1].SayGuestHere(Guest);
        Stays(rig);
    }

    [Fact]
    public void A_flood_of_news_is_bounded_and_does_not_keep_a_function_from_following()
    {
        var rig = new IoRig(2).StartAndPlug();
        Mark(rig, "nvme0");
        var ignored = rig.Bridge.Status().Counters.StaleAnswers;
        for (var i = 0; i < 100; i++)
        {
            rig.Hosts[1].SayGuestHere(Other);
            rig.Turn();
        }

        rig.Settle();
        Assert.InRange(rig.Bridge.Status().Counters.StaleAnswers - ignored, 100 - (2 * IoBridgeLimits.GuestNewsPerHostAndSecondMax), 100);
        Stays(rig);
        rig.RunFor(TimeSpan.FromSeconds(1));
        rig.Hosts[1].SayGuestHere(Guest);
        Arrives(rig, "nvme0");
    }

    [Fact]
    public void Marks_that_change_without_end_are_told_once_a_second_at_most()
    {
        var rig = new IoRig(2).StartAndPlug();
        for (var i = 0; i < 100; i++)
        {
            rig.Host.SayFollows(i % 2 == 0 ? Guest : Other);
            rig.Turn();
        }

        rig.Settle();
        Assert.Equal(Other, rig.Status.FollowsGuest);
        Assert.InRange(rig.Events.Lines.Count(line => line.Contains("the function follows it", StringComparison.Ordinal)), 1, 2);
    }

    private static void Mark(IoRig rig, string function)
    {
        var status = rig.StatusOf(function);
        rig.Host.SayFollows(status.Number, status.Generation, Guest);
        rig.Run(() => rig.StatusOf(function).FollowsGuest == Guest);
    }

    private static void Arrives(IoRig rig, string function)
    {
        rig.Run(() => rig.StatusOf(function) is { Owner: "host2", Busy: null, Slot: not null }, 60);
        Assert.True(rig.Hosts[1].Presents > 0);
    }

    private static void Stays(IoRig rig, string? owner = "host1")
    {
        var presses = rig.Hosts.Sum(h => h.Presses);
        rig.RunFor(TimeSpan.FromSeconds(2));
        Assert.Equal((owner, (string?)null), (rig.Status.Owner, rig.Status.Busy));
        Assert.Equal(presses, rig.Hosts.Sum(h => h.Presses));
    }

    private static string OwnerInRecord(IoRig rig, string function)
    {
        var owner = rig.Store.Durable!.Owners.Single(f => f.Function == function);
        return rig.Hosts.Single(h => h.Mac == owner.Mac && h.Vlan == owner.Vlan).Name;
    }
}
