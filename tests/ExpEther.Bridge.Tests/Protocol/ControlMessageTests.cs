using CsCheck;
using ExpEther.Bridge.Protocol;
using ExpEther.Pcie;

namespace ExpEther.Bridge.Tests.Protocol;

public sealed class ControlMessageTests
{
    private readonly byte[] _bytes = new byte[512];

    [Fact]
    public void Present_is_read_as_it_was_written()
    {
        var sent = new PresentMessage(7, 0x1122_3344_5566_7788, "nvme0.vf1", 0x1AF4, 0x4242, 0x010802, 9);
        var length = sent.Write(_bytes);
        Assert.True(PresentMessage.TryParse(_bytes.AsSpan(0, length), out var read));
        Assert.Equal(sent, read);
        Assert.False(PresentMessage.TryParse(_bytes.AsSpan(0, length - 4), out _));
    }

    [Fact]
    public void A_slot_goes_with_what_is_presented_and_a_box_that_knows_none_may_leave_it_out()
    {
        var sent = new PresentMessage(7, 1, "nvme0", 0x1AF4, 0x4242, 0x010802, 9) { Slot = 0x0203, IsSlotDemanded = true };
        var length = sent.Write(_bytes);
        Assert.Equal("030201", Convert.ToHexString(_bytes.AsSpan(length - 3, 3)));
        Assert.True(PresentMessage.TryParse(_bytes.AsSpan(0, length), out var read));
        Assert.Equal(sent, read);

        Assert.True(PresentMessage.TryParse(_bytes.AsSpan(0, length - 3), out var without));
        Assert.Equal(sent with { Slot = 0, IsSlotDemanded = false }, without);
    }

    [Fact]
    public void A_function_is_named_and_what_is_no_name_is_refused()
    {
        var length = new ForgetMessage("nvme0.vf1").Write(_bytes);
        Assert.True(ForgetMessage.TryParse(_bytes.AsSpan(0, length), out var forget));
        Assert.Equal("nvme0.vf1", forget.Name);
        Assert.False(KeepsMessage.TryParse(_bytes.AsSpan(0, length), out _));
        Assert.False(ForgetMessage.TryParse(_bytes.AsSpan(0, length - 1), out _));
        Assert.False(ForgetMessage.TryParse(_bytes.AsSpan(0, new ForgetMessage("").Write(_bytes)), out _));

        length = new KeepsMessage(new string('x', PresentMessage.NameBytesMax)).Write(_bytes);
        _bytes.AsSpan(length - PresentMessage.NameBytesMax, PresentMessage.NameBytesMax).Fill(0xFF);
        Assert.False(KeepsMessage.TryParse(_bytes.AsSpan(0, length), out _));
    }

    [Fact]
    public void A_guest_is_named_by_its_UUID_in_the_order_of_its_text()
    {
        var guest = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");
        var length = new FollowsMessage(3, 4, guest).Write(_bytes);
        Assert.Equal("16000300040000000000000000112233445566778899AABBCCDDEEFF", Convert.ToHexString(_bytes.AsSpan(0, length)));
        Assert.True(FollowsMessage.TryParse(_bytes.AsSpan(0, length), out var follows));
        Assert.Equal(new FollowsMessage(3, 4, guest), follows);
        Assert.False(FollowsMessage.TryParse(_bytes.AsSpan(0, length - 1), out _));
        Assert.False(GuestHereMessage.TryParse(_bytes.AsSpan(0, length), out _));

        length = new GuestHereMessage(guest).Write(_bytes);
        Assert.True(GuestHereMessage.TryParse(_bytes.AsSpan(0, length), out var here));
        Assert.Equal(guest, here.Guest);
        Assert.False(GuestHereMessage.TryParse(_bytes.AsSpan(0, length - 1), out _));
        Assert.False(GuestHereMessage.TryParse(_bytes.AsSpan(0, new GuestHereMessage(Guid.Empty).Write(_bytes)), out _));
    }

    [Fact]
    public void An_offer_to_go_on_is_read_as_it_was_written_and_an_impossible_one_is_none()
    {
        var offer = new ResumeOffer(5, 0x1122_3344_5566_7788, 0x2000, 65, 0x50, 0x40, 0x48, 0, true);
        var sent = new PresentMessage(7, 9, "nvme0", 0x1AF4, 0x4242, 0x010802, 9) { Resume = offer };
        var length = sent.Write(_bytes);
        Assert.True(PresentMessage.TryParse(_bytes.AsSpan(0, length), out var read));
        Assert.Equal(sent, read);
        Assert.True(PresentMessage.TryParse(_bytes.AsSpan(0, length - 1), out read));
        Assert.Null(read.Resume);
        foreach (var wrong in new[]
        {
            offer with { Since = 0 }, offer with { MsixVectors = 2049 }, offer with { MsixBar = 6 }, offer with { MsixBar = 5 },
            offer with { MsixTable = 4 }, offer with { PcieCapability = 0x41 }, offer with { MsixCapability = 2 }, offer with { PowerCapability = 1 },
        })
        {
            length = (sent with { Resume = wrong }).Write(_bytes);
            Assert.True(PresentMessage.TryParse(_bytes.AsSpan(0, length), out read));
            Assert.Null(read.Resume);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(24)]
    [InlineData(256)]
    public void Notes_go_and_come_back_as_they_are(int bytes)
    {
        var note = Enumerable.Range(0, bytes).Select(i => (byte)i).ToArray();
        var message = new byte[ResumeNoteMessage.BytesMax];
        var length = new ResumeNoteMessage(3, 4, note).Write(message);
        Assert.True(ResumeNoteMessage.TryParse(message.AsSpan(0, length), out var kept));
        Assert.Equal((3, 4UL), (kept.Function, kept.Generation));
        Assert.Equal(note, kept.Note);
        Assert.Equal(bytes == 0, ResumeNoteMessage.TryParse(message.AsSpan(0, length - (bytes == 0 ? 0 : 1)), out _));

        length = new ResumedMessage(3, 5, note).Write(message);
        Assert.True(ResumedMessage.TryParse(message.AsSpan(0, length), out var back));
        Assert.Equal(note, back.Note);
        Assert.False(ResumeNoteMessage.TryParse(message.AsSpan(0, length), out _));
        message[12] = 1;
        message[13] = 1;
        Assert.False(ResumedMessage.TryParse(message, out _), "257 bytes");
    }

    [Fact]
    public void The_layout_is_little_endian_with_the_kind_first()
    {
        var length = new PluggedMessage(0x0203, 0x1122_3344_5566_7788, 4, new Rid(0x0008), new Rid(0x0510)).Write(_bytes);
        Assert.Equal("100003028877665544332211040008001005", Convert.ToHexString(_bytes.AsSpan(0, length)));
    }

    [Fact]
    public void The_short_messages_are_read_as_they_were_written()
    {
        var refused = new RefusedMessage(1, 2, RefusalReason.NoFreeSlot);
        Assert.True(RefusedMessage.TryParse(_bytes.AsSpan(0, refused.Write(_bytes)), out var readRefused));
        Assert.Equal(refused, readRefused);

        var press = new PressAttentionMessage(1, ulong.MaxValue);
        Assert.True(PressAttentionMessage.TryParse(_bytes.AsSpan(0, press.Write(_bytes)), out var readPress));
        Assert.Equal(press, readPress);

        var withdraw = new WithdrawMessage(ushort.MaxValue, 3);
        Assert.True(WithdrawMessage.TryParse(_bytes.AsSpan(0, withdraw.Write(_bytes)), out var readWithdraw));
        Assert.Equal(withdraw, readWithdraw);

        var off = new PoweredOffMessage(3, 4);
        Assert.True(PoweredOffMessage.TryParse(_bytes.AsSpan(0, off.Write(_bytes)), out var readOff));
        Assert.Equal(off, readOff);
    }

    [Fact]
    public void A_message_of_one_kind_is_not_read_as_another()
    {
        var length = new WithdrawMessage(1, 2).Write(_bytes);
        Assert.False(PressAttentionMessage.TryParse(_bytes.AsSpan(0, length), out _));
        Assert.False(PoweredOffMessage.TryParse(_bytes.AsSpan(0, length), out _));
    }

    [Fact]
    public void Fields_that_a_later_version_adds_at_the_end_do_not_disturb()
    {
        var length = new RefusedMessage(1, 2, RefusalReason.NoFreeSlot).Write(_bytes);
        Assert.True(RefusedMessage.TryParse(_bytes.AsSpan(0, length + 20), out _));
    }

    [Fact]
    public void A_note_is_cut_at_a_character_and_its_control_characters_do_nothing()
    {
        var sent = new NoteMessage(1, 2, NoteKind.NotShown, "QEMU says: \u00e4");
        Assert.True(NoteMessage.TryParse(_bytes.AsSpan(0, sent.Write(_bytes)), out var read));
        Assert.Equal(sent, read);
        Assert.False(NoteMessage.TryParse(_bytes.AsSpan(0, sent.Write(_bytes) - 1), out _));

        var length = new NoteMessage(1, 2, NoteKind.Remark, new string('x', NoteMessage.TextBytesMax - 1) + "\u00e4 and more").Write(_bytes);
        Assert.True(length <= NoteMessage.BytesMax);
        Assert.True(NoteMessage.TryParse(_bytes.AsSpan(0, length), out read));
        Assert.Equal(new string('x', NoteMessage.TextBytesMax - 1), read.Text);

        length = new NoteMessage(1, 2, NoteKind.Remark, "\u001b[2Jgone\nnext").Write(_bytes);
        Assert.True(NoteMessage.TryParse(_bytes.AsSpan(0, length), out read));
        Assert.Equal(" [2Jgone next", read.Text);
    }

    [Fact]
    public void Any_bytes_are_read_or_refused_without_an_exception() => Gen.Byte.Array[0, 120].Sample(bytes =>
    {
        _ = ControlHeader.TryParse(bytes, out _);
        _ = PresentMessage.TryParse(bytes, out var present) && present.Name.Length <= PresentMessage.NameBytesMax;
        _ = PluggedMessage.TryParse(bytes, out _);
        _ = RefusedMessage.TryParse(bytes, out _);
        _ = PoweredOffMessage.TryParse(bytes, out _);
        _ = FollowsMessage.TryParse(bytes, out _) || GuestHereMessage.TryParse(bytes, out _);
        _ = ForgetMessage.TryParse(bytes, out _) || KeepsMessage.TryParse(bytes, out _) || NoteMessage.TryParse(bytes, out _);
    });
}
