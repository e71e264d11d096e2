# Traffic for tests, in guests and in namespaces. Needs perl's own file and no module of it, so that a guest without
# perl can be given it: every Debian has perl-base.
#   mirror NAME PORT               tells who connects NAME and the address that it sees, then echoes
#   ask ADDRESS PORT               prints what the mirror says; fails after two seconds
#   stream ADDRESS PORT [SOURCE]   a lasting connection: prints what the mirror says, then each number that came back
#   scan ADDRESS PORT...           prints the TCP ports that answer
#   send DEVICE FRAME...           sends frames given in hexadecimal
#   capture DEVICE END             prints 'ready', then the frames that come, until one has END in it
$| = 1;
my ($what, @words) = @ARGV;

sub inet { my ($address, $port) = @_; return pack('S n C4 x8', 2, $port, split(/\./, $address)); }
sub tcp { my ($source) = @_;
    socket(my $s, 2, 1, 6) or die "socket: $!";
    setsockopt($s, 1, 2, pack('l', 1));
    bind($s, inet('0.0.0.0', $source)) or die "bind: $!" if $source;
    return $s;
}
sub link_level { my ($device) = @_;
    open(my $file, '<', "/sys/class/net/$device/ifindex") or die "$device: $!";
    my $index = <$file>;
    socket(my $s, 17, 3, 0x0300) or die "socket: $!";
    bind($s, pack('S n l S C C a8', 17, 3, $index, 0, 0, 0, '')) or die "bind: $!";
    return $s;
}
sub line { my ($s) = @_;
    my $line = '';
    while (sysread($s, my $octet, 1)) { return $line if $octet eq "\n"; $line .= $octet; }
    die "the connection ended\n";
}

if ($what eq 'mirror') {
    my ($name, $port) = @words;
    $SIG{CHLD} = 'IGNORE';
    my $server = tcp($port);
    listen($server, 64) or die "listen: $!";
    while (1) {
        my $peer = accept(my $s, $server) or next;
        my $child = fork;
        if (!defined($child) || $child) { close $s; next; }
        my (undef, undef, @address) = unpack('S n C4', $peer);
        syswrite($s, "$name " . join('.', @address) . "\n");
        while (sysread($s, my $data, 65536)) { syswrite($s, $data); }
        exit 0;
    }
} elsif ($what eq 'ask') {
    alarm 2;
    my $s = tcp();
    connect($s, inet(@words)) or die "connect: $!\n";
    print line($s), "\n";
} elsif ($what eq 'stream') {
    my ($address, $port, $source) = @words;
    my $s = tcp($source);
    alarm 5;
    connect($s, inet($address, $port)) or die "connect: $!\n";
    print line($s), "\n";
    alarm 0;
    for (my $number = 1;; $number++) {
        syswrite($s, "$number\n") or die "write: $!\n";
        my $answer = line($s);
        die "$answer came back for $number\n" if $answer != $number;
        print "$number\n";
        select(undef, undef, undef, 0.05);
    }
} elsif ($what eq 'scan') {
    my ($address, @ports) = @words;
    while (my @some = splice(@ports, 0, 400)) {
        my %waiting;
        for my $port (@some) {
            my $s = tcp();
            fcntl($s, 4, fcntl($s, 3, 0) | 2048);
            connect($s, inet($address, $port));
            $waiting{fileno($s)} = [$port, $s];
        }
        my $end = time + 2;
        while (%waiting && time < $end) {
            my $set = '';
            vec($set, $_, 1) = 1 for keys %waiting;
            select(undef, $set, undef, 0.5) or next;
            for my $number (keys %waiting) {
                next unless vec($set, $number, 1);
                my ($port, $s) = @{delete $waiting{$number}};
                print "$port\n" if unpack('l', getsockopt($s, 1, 4)) == 0;
            }
        }
    }
} elsif ($what eq 'send') {
    my ($device, @frames) = @words;
    my $s = link_level($device);
    for my $frame (@frames) { send($s, pack('H*', $frame), 0) or die "send: $!\n"; }
} elsif ($what eq 'capture') {
    my ($device, $end) = @words;
    my $s = link_level($device);
    alarm 20;
    print "ready\n";
    while (1) {
        my $from = recv($s, my $frame, 65536, 0);
        # Type 4: what this side sends itself.
        next if !defined($from) || ord(substr($from, 10, 1)) == 4;
        my $text = unpack('H*', $frame);
        print "$text\n";
        exit 0 if index($text, $end) >= 0;
    }
} else { die "what is '$what'?\n"; }
